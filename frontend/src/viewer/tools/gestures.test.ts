import { describe, expect, it } from 'vitest';
import { LabelMap, PLANES, type Plane, readSlice, sliceSize } from '../../voxels';
import type { Gesture } from './host';
import { turnGesture, windowGesture } from './navigation';
import { PointPicker } from './picking';
import { ScissorsTool } from './scissors';
import { DrawTool } from './sketch';
import { strokeGesture } from './strokes';
import { SHAPE, TestHost, TestPane } from './toolTesting';
import { TracingTool } from './tracing';

const PLAIN = { button: 0, shift: false };
const SHIFT = { button: 0, shift: true };

/** Presses at the first place, drags through the others and lets go. */
function drag(
  begin: (at: { x: number; y: number }) => Gesture | null,
  pane: TestPane,
  ...places: readonly (readonly [number, number])[]
): void {
  const [first, ...rest] = places.map(([column, row]) => pane.over(column, row));
  const gesture = first === undefined ? null : begin(first);
  for (const point of rest) gesture?.move(point);
  gesture?.end();
}

/** Voxels of the structure in one slice of a plane. */
function filled(plane: Plane, slice: number, map: LabelMap, value = 1): number {
  const { columns, rows } = sliceSize(SHAPE, plane);
  const scratch = new Uint8Array(columns * rows);
  return readSlice(map.layers[0] ?? [], SHAPE, plane, slice, scratch).filter((one) => one === value).length;
}

/** Does something that is written in steps, and waits until it was, or was refused. */
async function written(host: TestHost, act: () => void): Promise<void> {
  const told = () => host.records.length + host.said.length;
  const before = told();
  act();
  for (let n = 0; n < 500 && told() === before; n++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(told()).toBe(before + 1);
}

describe.each(PLANES)('brushes in the %s plane', (plane) => {
  it('paint a disc in the shown slice alone, and undo takes it back exactly', () => {
    const host = new TestHost();
    const pane = new TestPane(plane, 5);
    drag((at) => strokeGesture(host, pane, 'brush', false, at), pane, [8, 5], [10, 5]);
    expect(filled(plane, 5, host.engine.map)).toBe(host.count());
    expect(host.count()).toBeGreaterThan(9);
    expect(host.records).toMatchObject([{ tool: 'brush', structure: 1, added: host.count(), removed: 0 }]);
    host.engine.undo();
    expect(host.count()).toBe(0);
  });

  it('turn into the eraser with Shift; Shift with the eraser takes every structure', () => {
    const host = new TestHost();
    const pane = new TestPane(plane, 5);
    host.engine.map.layerVoxels(0).fill(2);
    drag((at) => strokeGesture(host, pane, 'brush', true, at), pane, [8, 5]);
    expect(host.records).toEqual([]);
    drag((at) => strokeGesture(host, pane, 'eraser', true, at), pane, [8, 5]);
    expect(host.records).toMatchObject([{ tool: 'eraser', added: 0 }]);
    expect(host.records[0]?.removed).toBeGreaterThan(4);
  });

  it('leave nothing when the stroke is cancelled', () => {
    const host = new TestHost();
    const pane = new TestPane(plane, 5);
    strokeGesture(host, pane, 'brush', false, pane.over(8, 5))?.cancel();
    expect(host.engine.map.layerVoxels(0).some((value) => value !== 0)).toBe(false);
    expect(host.records).toEqual([]);
  });

  it('draw a polygon by clicks and by dragging', async () => {
    const host = new TestHost();
    const pane = new TestPane(plane, 4);
    const draw = new DrawTool(host);
    for (const place of [
      [3.5, 2.5],
      [10.5, 2.5],
      [10.5, 8.5],
      [3.5, 8.5],
    ] as const) {
      drag((at) => draw.begin(pane, PLAIN, at), pane, place);
    }
    expect(draw.isOpen).toBe(true);
    await written(host, () => draw.close());
    expect(filled(plane, 4, host.engine.map)).toBe(7 * 6);
    expect(host.count()).toBe(7 * 6);
    await written(host, () =>
      drag((at) => draw.begin(pane, SHIFT, at), pane, [3.5, 2.5], [6.5, 2.5], [6.5, 8.5], [3.5, 8.5]),
    );
    expect(host.count()).toBe(4 * 6);
    expect(host.records.map(({ tool }) => tool)).toEqual(['draw', 'draw']);
  });

  it('cut a rectangle out of this slice or through others', async () => {
    const host = new TestHost();
    const pane = new TestPane(plane, 4);
    const scissors = new ScissorsTool(host);
    const cut = (reach: 'slice' | 'all' | { slices: number }, inside: boolean, action: 'erase' | 'fill') => {
      host.options = { ...host.options, scissors: { form: 'rectangle', inside, action, reach } };
      return written(host, () => drag((at) => scissors.begin(pane, PLAIN, at), pane, [2.5, 2.5], [5.5, 6.5]));
    };
    const [columns, rows, slices] = [pane.frame.columns, pane.frame.rows, pane.frame.slices];
    await cut('slice', true, 'fill');
    expect(host.count()).toBe(12);
    await cut({ slices: 2 }, true, 'fill');
    expect(host.count()).toBe(12 * 5);
    await cut('all', false, 'fill');
    expect(host.count()).toBe(12 * 5 + (columns * rows - 12) * slices);
    await cut('all', true, 'erase');
    expect(host.count()).toBe((columns * rows - 12) * slices);
    for (let n = 0; n < 4; n++) expect(host.engine.undo()).not.toBeNull();
    expect(host.count()).toBe(0);
  });

  it('trace the level under the pointer and fill it', async () => {
    const host = new TestHost();
    const pane = new TestPane(plane, 5);
    const { across, along } = pane.frame;
    host.paintHu((...index) => {
      const [column, row] = [index[across] ?? 0, index[along] ?? 0];
      return column >= 4 && column < 9 && row >= 3 && row < 7 ? 80 : 10;
    });
    const tracing = new TracingTool(host);
    await written(host, () => tracing.click(pane, false, pane.over(4, 5)));
    expect(host.count()).toBe(5 * 4);
    expect(filled(plane, 5, host.engine.map)).toBe(5 * 4);
    await written(host, () => tracing.click(pane, true, pane.over(4, 5)));
    expect(host.count()).toBe(0);
    expect(host.records.map(({ tool, added, removed }) => [tool, added, removed])).toEqual([
      ['level_tracing', 20, 0],
      ['level_tracing', 0, 20],
    ]);
  });
});

describe('the threshold brush', () => {
  it('paints voxels of its range alone, also when erasing', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5);
    host.paintHu((i) => (i < 8 ? 50 : 500));
    drag((at) => strokeGesture(host, pane, 'threshold_brush', false, at), pane, [8, 8]);
    const right = host.engine.map.layers[0]?.[5]?.filter(
      (value, p) => value === 1 && p % SHAPE[0] >= 8,
    ).length;
    expect(right).toBe(0);
    expect(host.count()).toBe(4);
    host.options = { ...host.options, thresholdBrush: [400, 600] };
    drag((at) => strokeGesture(host, pane, 'threshold_brush', true, at), pane, [8, 8]);
    expect(host.count()).toBe(4);
  });

  it('says so while the slice is not loaded', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5);
    host.image.full = false;
    expect(strokeGesture(host, pane, 'threshold_brush', false, pane.over(8, 8))).toBeNull();
    expect(host.said[0]).toMatch(/not loaded/);
    new TracingTool(host).click(pane, false, pane.over(8, 8));
    expect(host.said[1]).toMatch(/not loaded/);
    expect(host.engine.isDrawing).toBe(false);
  });
});

describe('the accept brush', () => {
  it('restores what the prediction has of the active structure', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5);
    host.prediction = LabelMap.empty(SHAPE, 2);
    host.prediction.layers[0]?.[5]?.fill(1, 0, 24 * 9);
    host.engine.map.layers[0]?.[5]?.fill(1, 24 * 9);
    drag((at) => strokeGesture(host, pane, 'accept_brush', false, at), pane, [8, 8]);
    expect(host.records).toMatchObject([{ tool: 'accept_brush' }]);
    const { added = 0, removed = 0 } = host.records[0] ?? {};
    expect(added).toBeGreaterThan(0);
    expect(removed).toBeGreaterThan(0);
  });

  it('says that there is none', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5);
    expect(strokeGesture(host, pane, 'accept_brush', false, pane.over(8, 8))).toBeNull();
    expect(host.said).toEqual(['This case has no prediction to take over.']);
  });
});

describe('a tool that may not draw', () => {
  it('says why and changes nothing', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5);
    host.refusal = 'This case is open for reading only.';
    expect(strokeGesture(host, pane, 'brush', false, pane.over(8, 8))).toBeNull();
    expect(new DrawTool(host).begin(pane, PLAIN, pane.over(8, 8))).toBeNull();
    expect(new ScissorsTool(host).begin(pane, PLAIN, pane.over(8, 8))).toBeNull();
    new TracingTool(host).click(pane, false, pane.over(8, 8));
    host.refusal = '';
    host.engine.setLocked(0, 1, true);
    expect(strokeGesture(host, pane, 'brush', false, pane.over(8, 8))).toBeNull();
    expect(host.said.slice(0, 4)).toEqual(Array(4).fill('This case is open for reading only.'));
    expect(host.said[4]).toMatch(/locked/);
    expect(host.records).toEqual([]);
  });
});

describe('an open polygon', () => {
  it('loses its last point with Backspace, all with Escape, and closes on its first point', async () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 4);
    const draw = new DrawTool(host);
    const click = (column: number, row: number) =>
      drag((at) => draw.begin(pane, PLAIN, at), pane, [column, row]);
    click(3.5, 2.5);
    click(10.5, 2.5);
    click(20, 15);
    draw.dropLast();
    click(10.5, 8.5);
    click(3.5, 8.5);
    await written(host, () => click(3.6, 2.5));
    expect(draw.isOpen).toBe(false);
    expect(host.count()).toBe(7 * 6);
    click(1, 1);
    click(5, 1);
    draw.dropLast();
    draw.dropLast();
    expect(draw.isOpen).toBe(false);
    click(1, 1);
    draw.drop();
    draw.close();
    expect(host.records.length).toBe(1);
  });

  it('begins anew in another slice', async () => {
    const host = new TestHost();
    const draw = new DrawTool(host);
    const here = new TestPane('axial', 4);
    const there = new TestPane('axial', 7);
    for (const [column, row] of [
      [3.5, 2.5],
      [10.5, 2.5],
    ] as const)
      draw.begin(here, PLAIN, here.over(column, row))?.end();
    for (const [column, row] of [
      [3.5, 2.5],
      [6.5, 2.5],
      [6.5, 5.5],
    ] as const)
      draw.begin(there, PLAIN, there.over(column, row))?.end();
    await written(host, () => draw.close());
    expect(filled('axial', 4, host.engine.map)).toBe(0);
    expect(filled('axial', 7, host.engine.map)).toBe(host.count());
    expect(host.count()).toBeGreaterThan(2);
  });
});

describe('scissors', () => {
  it('cut a circle that is round in millimetres', async () => {
    const host = new TestHost();
    const pane = new TestPane('coronal', 4);
    host.options = {
      ...host.options,
      scissors: { form: 'circle', inside: true, action: 'fill', reach: 'slice' },
    };
    const scissors = new ScissorsTool(host);
    await written(host, () => drag((at) => scissors.begin(pane, PLAIN, at), pane, [10, 6], [14, 6]));
    const column = (i: number) =>
      host.engine.map.layers[0]?.filter((slice) => slice[i + SHAPE[0] * 4] === 1).length;
    const row = host.engine.map.layers[0]?.[6]
      ?.subarray(24 * 4, 24 * 5)
      .filter((value) => value === 1).length;
    expect(row).toBe(9);
    expect(column(10)).toBe(5);
  });

  it('do nothing for a click, after Escape, and with Shift do the opposite', async () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 4);
    const scissors = new ScissorsTool(host);
    host.options = {
      ...host.options,
      scissors: { form: 'rectangle', inside: true, action: 'fill', reach: 'slice' },
    };
    drag((at) => scissors.begin(pane, PLAIN, at), pane, [3, 3]);
    const gesture = scissors.begin(pane, PLAIN, pane.over(2.5, 2.5));
    gesture?.move(pane.over(8, 8));
    scissors.drop();
    gesture?.end();
    expect(host.count()).toBe(0);
    host.engine.map.layers[0]?.[4]?.fill(1);
    await written(host, () => drag((at) => scissors.begin(pane, SHIFT, at), pane, [2.5, 2.5], [5.5, 6.5]));
    expect(host.records).toMatchObject([{ tool: 'scissors', removed: 12, added: 0 }]);
  });

  it('cut a large scan in steps, one step to undo', async () => {
    const shape = [160, 150, 60] as const;
    const host = new TestHost(LabelMap.empty(shape, 1));
    const pane = new TestPane('sagittal', 40, shape);
    const scissors = new ScissorsTool(host);
    host.options = {
      ...host.options,
      scissors: { form: 'rectangle', inside: false, action: 'fill', reach: 'all' },
    };
    await written(host, () => drag((at) => scissors.begin(pane, PLAIN, at), pane, [19.5, 9.5], [29.5, 19.5]));
    expect(host.count()).toBe(160 * (150 * 60 - 100));
    host.engine.undo();
    expect(host.count()).toBe(0);
  });
});

describe('picking', () => {
  it('samples a disc and sets the range about its mean', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5);
    host.paintHu((i) => 100 + (i % 2 === 0 ? 20 : -20));
    const got: [number, number, readonly [number, number]][] = [];
    const picker = new PointPicker(host, ({ mean_hu, sd_hu }, range) => got.push([mean_hu, sd_hu, range]));
    drag((at) => picker.pick(pane, at), pane, [10, 10]);
    const [mean, sd, range] = got[0] ?? [0, 0, [0, 0]];
    expect(mean).toBeGreaterThan(90);
    expect(mean).toBeLessThan(110);
    expect(sd).toBeCloseTo(20, 0);
    expect(range).toEqual([Math.round(mean - 2 * sd), Math.round(mean + 2 * sd)]);
    expect(picker.pick(pane, { x: -500, y: 0 })).toBeNull();
    expect(host.said).toEqual(['That is beside the scan; click on a voxel.']);
  });

  it('asks for a flood fill at the voxel clicked, in its plane or in space', () => {
    const host = new TestHost();
    const pane = new TestPane('sagittal', 7);
    const asked: unknown[] = [];
    const picker = new PointPicker(host, () => {});
    picker.flood(pane, pane.over(3, 4), (params) => asked.push(params));
    host.options = { ...host.options, flood: { tolerance_hu: 5, threeD: true, max_mm: 30 } };
    picker.flood(pane, pane.over(3, 4), (params) => asked.push(params));
    expect(asked).toMatchObject([
      { at: [7, 3, 4], plane: 'sagittal', accept: { tolerance_hu: 20 }, target: { layer: 0, value: 1 } },
      { at: [7, 3, 4], plane: null, accept: { tolerance_hu: 5 }, max_mm: 30 },
    ]);
  });
});

describe('the window gesture', () => {
  it('widens to the right, raises the level downwards, and keeps a width', () => {
    const host = new TestHost();
    const gesture = windowGesture(host, { x: 0, y: 0 });
    gesture.move({ x: 10, y: 5 });
    expect(host.window).toEqual({ width: 420, level: 45 });
    gesture.move({ x: -1000, y: 5 });
    expect(host.window.width).toBe(1);
  });
});

describe('turning about the crosshair', () => {
  it('follows the pointer round it, and goes back where a second finger comes', () => {
    const host = new TestHost();
    const pane = new TestPane('axial', 5.5);
    const { x, y } = pane.screenOf(host.crosshair());
    const gesture = turnGesture(host, pane, { x: x + 50, y });
    gesture.move({ x, y: y + 80 });
    expect(host.turned).toEqual([0, 0, -90]);
    gesture.move({ x: x + 70, y: y + 70 });
    expect(host.turned).toEqual([0, 0, -45]);
    gesture.cancel();
    expect(host.turned).toEqual([0, 0, 0]);
  });
});
