/** Filling what an outline goes round, in steps: a cut through a whole scan must not hold up the page. */
import {
  BACKGROUND,
  type Box,
  boxBetween,
  boxVoxels,
  type Cut,
  cutSpans,
  type EditTool,
  type LabelMap,
  type Outline,
  type Plane,
  type StrokeRecord,
  type StructureRef,
  sliceGrid,
  type Triple,
} from '../../voxels';
import type { ToolHost } from './host';
import { inSteps } from './steps';

const UNCHANGED = 'Nothing changed here. A lock or the edit mask may be in the way.';

/** Ends the edit that was drawn in one go, and shows it. */
function finish(host: ToolHost, record: StrokeRecord | null): void {
  if (record === null) {
    host.say(UNCHANGED);
    return;
  }
  host.edited(record.box);
  host.strokeEnded(record);
}

export interface OutlineEdit {
  readonly tool: EditTool;
  readonly cut: Cut;
  readonly erases: boolean;
}

/**
 * One step to undo. A small one is done before the next frame. Nothing is written before the last step: what is drawn
 * meanwhile makes this stale, and it says so.
 */
export async function fillOutline(host: ToolHost, { tool, cut, erases }: OutlineEdit): Promise<void> {
  const { engine, active, spacing_mm } = host;
  const { version } = engine;
  const box = boxOfCut(engine.map.shape, spacing_mm, cut);
  if (box === null) return;
  const write = { target: active, erases };
  try {
    const values = await inSteps(proposal(engine.map, spacing_mm, cut, box, write));
    const changes = [{ layer: active.layer, box, values }];
    finish(host, await inSteps(engine.applyInSteps({ tool, target: active, changes, version })));
  } catch (error) {
    host.say(error instanceof Error ? error.message : 'The cut failed; draw it again.');
  }
}

interface Write {
  readonly target: StructureRef;
  readonly erases: boolean;
}

/** The values that the box should have, slice by slice of the plane. */
export function* proposal(
  map: LabelMap,
  spacing_mm: Triple,
  cut: Cut,
  box: Box,
  { target, erases }: Write,
): Generator<number, Uint8Array> {
  const values = new Uint8Array(boxVoxels(box));
  const [width, height, depth] = box.size;
  for (let dk = 0; dk < depth; dk++) {
    const slab = {
      low: [box.low[0], box.low[1], box.low[2] + dk] as const,
      size: [width, height, 1] as const,
    };
    values.set(map.cut(target.layer, slab), width * height * dk);
    yield (0.5 * dk) / depth;
  }
  for (let slice = cut.first; slice <= cut.last; slice++) {
    cutSpans(map.shape, spacing_mm, { ...cut, first: slice, last: slice }, (k, start, count, stride) => {
      const i = (start % map.shape[0]) - box.low[0];
      const j = Math.floor(start / map.shape[0]) - box.low[1];
      const step = stride === 1 ? 1 : width;
      let p = i + width * (j + height * (k - box.low[2]));
      for (let n = 0; n < count; n++, p += step) {
        if (!erases) values[p] = target.value;
        else if (values[p] === target.value) values[p] = BACKGROUND;
      }
    });
    yield 0.5 + (0.5 * (slice - cut.first)) / (cut.last - cut.first + 1);
  }
  return values;
}

const AXES: Readonly<Record<Plane, readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2]>> = {
  axial: [0, 1, 2],
  coronal: [0, 2, 1],
  sagittal: [1, 2, 0],
};

/** Around all that the cut can change; null where it lies beside the scan. */
export function boxOfCut(shape: Triple, spacing_mm: Triple, cut: Cut): Box | null {
  const [across, along, normal] = AXES[cut.plane];
  const grid = sliceGrid(shape, spacing_mm, cut.plane);
  let [left, top, right, bottom] = [0, 0, grid.columns - 1, grid.rows - 1];
  if (cut.inside) {
    const [columns, rows] = reachOf(cut.outline, grid.spacing_mm);
    [left, right] = [Math.max(left, Math.floor(columns[0])), Math.min(right, Math.ceil(columns[1]))];
    [top, bottom] = [Math.max(top, Math.floor(rows[0])), Math.min(bottom, Math.ceil(rows[1]))];
  }
  if (left > right || top > bottom || cut.first > cut.last) return null;
  const low: [number, number, number] = [0, 0, 0];
  const high: [number, number, number] = [0, 0, 0];
  [low[across], high[across]] = [left, right];
  [low[along], high[along]] = [top, bottom];
  [low[normal], high[normal]] = [cut.first, cut.last];
  return boxBetween(low, high);
}

type Range = readonly [low: number, high: number];

/** Lowest and highest column and row of an outline. */
function reachOf(outline: Outline, spacing: readonly [number, number]): readonly [Range, Range] {
  if (outline.kind === 'circle') {
    const { centre, edge } = outline;
    const radius = Math.hypot((edge[0] - centre[0]) * spacing[0], (edge[1] - centre[1]) * spacing[1]);
    const [wide, high] = [radius / spacing[0], radius / spacing[1]];
    return [
      [centre[0] - wide, centre[0] + wide],
      [centre[1] - high, centre[1] + high],
    ];
  }
  const rings = outline.kind === 'rectangle' ? [outline.corners.flat()] : outline.rings;
  const at = (odd: 0 | 1) => rings.flatMap((ring) => Array.from(ring).filter((_, n) => n % 2 === odd));
  return [rangeOf(at(0)), rangeOf(at(1))];
}

function rangeOf(values: readonly number[]): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}
