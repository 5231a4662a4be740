import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Box,
  EditEngine,
  type EditMask,
  IGNORE,
  LabelMap,
  NO_MASK,
  type Operation,
  type StrokeRecord,
  type Triple,
} from '../../voxels';
import { cutRegion, needOf } from './cutter';
import type { Answer, Job } from './job';
import { answerJob } from './job';
import { OperationHost, type OperationScene } from './operationHost';
import { OperationWorker, type WorkerPort } from './operationWorker';
import type { OperationState } from './port';
import { outcomeOf } from './proposal';
import { inSteps } from './steps';
import { SHAPE, SPACING, TestHost } from './toolTesting';

function last<T, R>(steps: Generator<T, R>): R {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Two layers of blocks with values 0 to 4 and some "not annotated". */
function blocks(): LabelMap {
  const map = LabelMap.empty(SHAPE, 2);
  for (let layer = 0; layer < 2; layer++) {
    map.layerVoxels(layer).forEach((_, p, voxels) => {
      const block = (Math.floor(p / 5) * 2654435761 + layer * 31) % 11;
      voxels[p] = block === 10 ? IGNORE : block % 5;
    });
  }
  return map;
}

const anyMask: fc.Arbitrary<EditMask> = fc.record({
  area: fc.constantFrom('anywhere' as const, 'inside' as const, 'outside' as const, 'background' as const),
  structures: fc.constantFrom(
    [{ layer: 0, value: 1 }],
    [
      { layer: 1, value: 2 },
      { layer: 0, value: 3 },
    ],
  ),
  hu: fc.constantFrom(null, [0, 40] as const),
  slices: fc.constantFrom(
    null,
    { plane: 'axial' as const, first: 3, last: 7 },
    { plane: 'coronal' as const, first: 2, last: 9 },
    { plane: 'sagittal' as const, first: 5, last: 15 },
  ),
});

describe('the outcome of a proposal', () => {
  it('is what the engine writes of it, whatever locks and mask there are', () => {
    fc.assert(
      fc.property(anyMask, fc.nat(4), fc.nat(4), fc.nat(1), (mask, locked, value, layer) => {
        const host = new TestHost(blocks());
        host.paintHu((i, j, k) => (i * 7 + j * 13 + k * 5) % 80);
        host.engine.setMask(mask);
        if (locked > 0) host.engine.setLocked(layer, locked, true);
        const box: Box = { low: [3, 2, 1], size: [15, 14, 9] };
        const region = last(
          cutRegion({ engine: host.engine, image: host.image, spacing_mm: SPACING }, box, true),
        );
        const values = region.labels[layer]?.map((old, p) => (p % 3 === 0 ? value : old)) ?? new Uint8Array();
        const isLocked = (of: number) =>
          Uint8Array.from({ length: 256 }, (_, one) => (host.engine.isLocked(of, one) ? 1 : 0));
        const rules = { mask, locked: [isLocked(0), isLocked(1)] };
        const outcome = outcomeOf(region, { changes: [{ layer, values }] }, rules);
        const plain = new EditEngine(host.engine.map.copy(), SPACING);
        plain.apply({ tool: 'logical', target: { layer, value: 1 }, changes: outcome.changes });
        host.engine.apply({
          tool: 'logical',
          target: { layer, value: 1 },
          changes: [{ layer, box, values }],
        });
        const differing = plain.map
          .layerVoxels(layer)
          .filter((one, p) => one !== host.engine.map.layerVoxels(layer)[p]).length;
        expect(differing).toBe(0);
        const before = blocks().layerVoxels(layer);
        const changed = host.engine.map.layerVoxels(layer).filter((one, p) => one !== before[p]).length;
        expect(outcome.voxels).toBe(changed);
        const wanted = region.labels[layer]?.filter((one, p) => one !== values[p]).length ?? 0;
        expect(outcome.kept).toBe(wanted - changed);
      }),
    );
  });
});

describe('cutting out', () => {
  const host = new TestHost(blocks());
  const scan = { engine: host.engine, image: host.image, spacing_mm: SPACING };

  it('copies every layer and the image of the box', () => {
    host.paintHu((i, j, k) => i + 100 * j + 1000 * k);
    const box: Box = { low: [4, 3, 2], size: [5, 6, 4] };
    const region = last(cutRegion(scan, box, true));
    expect(region.labels).toEqual([host.engine.map.cut(0, box), host.engine.map.cut(1, box)]);
    expect(region.hu?.length).toBe(5 * 6 * 4);
    expect(region.hu?.[1 + 5 * (2 + 6 * 3)]).toBe(5 + 500 + 5000);
    expect(last(cutRegion(scan, box, false)).hu).toBeNull();
  });

  it('refuses with a count while slices of it are loading', () => {
    const image = { ...host.image, isFull: (k: number) => k !== 3 };
    const box: Box = { low: [0, 0, 2], size: [2, 2, 4] };
    expect(() => last(cutRegion({ ...scan, image }, box, true))).toThrow('1 of the 4 slices');
    expect(last(cutRegion({ ...scan, image }, box, false)).hu).toBeNull();
  });

  it('finds the boxes that an operation asks about', () => {
    const asks: Operation<null> = {
      needs: (_, about) => ({
        box: about.boundingBox([
          { layer: 0, value: 3 },
          { layer: 1, value: 4 },
          { layer: 1, value: 99 },
        ]),
        hu: false,
      }),
      run: () => ({ changes: [] }),
    };
    const map = LabelMap.empty(SHAPE, 2);
    map.layers[0]?.[3]?.fill(3, 5 + 24 * 4, 9 + 24 * 4);
    const engine = new EditEngine(map, SPACING);
    expect(last(needOf(asks, null, { ...scan, engine })).box).toEqual({ low: [5, 4, 3], size: [4, 1, 1] });
    const other = map.copy();
    other.layers[1]?.[9]?.fill(4, 24 * 10, 24 * 11);
    const both = new EditEngine(other, SPACING);
    expect(last(needOf(asks, null, { ...scan, engine: both })).box).toEqual({
      low: [0, 4, 3],
      size: [24, 7, 7],
    });
    const none = new EditEngine(LabelMap.empty(SHAPE, 2), SPACING);
    expect(last(needOf(asks, null, { ...scan, engine: none })).box).toBeNull();
  });
});

describe('work in steps', () => {
  it('ends with the value, and stops when it is told to', async () => {
    function* steps(): Generator<number, string> {
      for (let n = 0; n < 5; n++) {
        const began = performance.now();
        while (performance.now() - began < 5);
        yield n / 5;
      }
      return 'done';
    }
    const shares: number[] = [];
    expect(await inSteps(steps(), (share) => shares.push(share))).toBe('done');
    expect(shares.length).toBeGreaterThan(1);
    const stop = new AbortController();
    const stopped = inSteps(steps(), () => stop.abort(), stop.signal);
    await expect(stopped).rejects.toThrow();
  });
});

/** The worker's own code, called a moment later, as a message would be. */
class NearWorker implements WorkerPort {
  onmessage: ((event: MessageEvent<Answer>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  ended = false;

  postMessage(job: Job): void {
    setTimeout(() => {
      answerJob(job, (answer) => {
        if (!this.ended) this.onmessage?.({ data: answer } as MessageEvent<Answer>);
      });
    }, 5);
  }

  terminate(): void {
    this.ended = true;
  }
}

class Bench {
  readonly test = new TestHost(LabelMap.empty(SHAPE, 1));
  readonly workers: NearWorker[] = [];
  readonly records: StrokeRecord[] = [];
  readonly states: OperationState[] = [];
  refusal = '';
  readonly host: OperationHost;

  constructor() {
    const { engine, image, spacing_mm, active } = this.test;
    const bench = this;
    const scene: OperationScene = {
      engine,
      image,
      spacing_mm,
      active,
      get refusal() {
        return bench.refusal;
      },
      previewChanged() {},
      operationApplied: (record) => this.records.push(record),
    };
    const start = () => {
      this.workers.push(new NearWorker());
      return this.workers.at(-1) as NearWorker;
    };
    this.host = new OperationHost(scene, new OperationWorker(start));
    this.host.changed.add((state) => this.states.push(state));
  }

  async until(kind: OperationState['kind']): Promise<void> {
    for (let n = 0; n < 300 && this.host.state.kind !== kind; n++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(this.host.state.kind).toBe(kind);
  }

  dab(at: Triple): void {
    const { engine } = this.test;
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    const point = at as unknown as Parameters<typeof engine.stamp>[0]['from'];
    engine.stamp({ from: point, to: point, radius_mm: 3, plane: null });
    engine.commit();
  }
}

const TARGET = { layer: 0, value: 1 };
const MARGIN = { target: TARGET, margin_mm: 2 };

describe('the host of operations', () => {
  it('shows a preview that changes nothing, then applies it as one step', async () => {
    const bench = new Bench();
    const { engine } = bench.test;
    bench.dab([10, 10, 6]);
    const before = engine.voxelCount(0, 1);
    bench.host.run('margin', MARGIN, { preview: true });
    await bench.until('preview');
    expect(engine.voxelCount(0, 1)).toBe(before);
    const { voxels } = bench.host.state as Extract<OperationState, { kind: 'preview' }>;
    expect(bench.host.preview?.voxels).toBe(voxels);
    bench.host.apply();
    await bench.until('none');
    expect(bench.records).toMatchObject([{ tool: 'margin', added: voxels, removed: 0 }]);
    expect(engine.voxelCount(0, 1)).toBe(before + voxels);
    engine.undo();
    expect(engine.voxelCount(0, 1)).toBe(before);
  });

  it('applies at once without a preview, and keeps the mask of edits', async () => {
    const bench = new Bench();
    bench.dab([10, 10, 6]);
    bench.test.engine.setMask({ ...NO_MASK, slices: { plane: 'axial', first: 0, last: 5 } });
    bench.host.run('margin', MARGIN, { preview: false });
    await bench.until('none');
    expect(bench.records).toHaveLength(1);
    expect(bench.records[0]?.delta.every(({ k }) => k <= 5)).toBe(true);
  });

  it('drops a preview, and ends the worker to stop what runs', async () => {
    const bench = new Bench();
    bench.dab([10, 10, 6]);
    bench.host.run('margin', MARGIN, { preview: true });
    await bench.until('preview');
    bench.host.dismiss();
    expect(bench.host.preview).toBeNull();
    bench.host.run('margin', MARGIN, { preview: true });
    while (bench.host.state.kind === 'running' && bench.workers.length < 1) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 2));
    bench.host.dismiss();
    expect(bench.host.state.kind).toBe('none');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.records).toEqual([]);
    bench.host.run('margin', MARGIN, { preview: false });
    await bench.until('none');
    expect(bench.records).toHaveLength(1);
  });

  it('goes stale with a sentence when something is drawn meanwhile', async () => {
    const bench = new Bench();
    bench.dab([10, 10, 6]);
    for (const preview of [true, false]) {
      bench.host.run('margin', MARGIN, { preview });
      if (preview) await bench.until('preview');
      bench.dab([4, 4, 3]);
      bench.host.maskChanged();
      await bench.until('failed');
      expect(bench.host.state).toMatchObject({ sentence: expect.stringContaining('Run it again') });
      expect(bench.host.preview).toBeNull();
      bench.test.engine.undo();
    }
    expect(bench.records).toEqual([]);
  });

  it('shows the preview before until a newer one comes, which alone can be applied', async () => {
    const bench = new Bench();
    bench.dab([10, 10, 6]);
    bench.host.run('margin', MARGIN, { preview: true });
    await bench.until('preview');
    const first = bench.host.preview;
    bench.host.run('margin', { ...MARGIN, margin_mm: 4 }, { preview: true });
    expect(bench.host.preview).toBe(first);
    bench.host.apply();
    await bench.until('preview');
    expect(bench.records).toEqual([]);
    expect(bench.host.preview?.voxels).toBeGreaterThan(first?.voxels ?? 0);
    bench.host.apply();
    await bench.until('none');
    expect(bench.records[0]?.added).toBeGreaterThan(first?.voxels ?? 0);
  });

  it('says why it does nothing', async () => {
    const bench = new Bench();
    bench.host.run('margin', MARGIN, { preview: true });
    await bench.until('failed');
    bench.dab([10, 10, 6]);
    bench.dab([10, 10, 1]);
    bench.test.engine.setLocked(0, 1, true);
    bench.host.run('margin', MARGIN, { preview: true });
    await bench.until('failed');
    expect(bench.host.state).toMatchObject({ sentence: expect.stringContaining('lock') });
    bench.host.run('interpolate', { targets: [TARGET], plane: 'auto' }, { preview: false });
    await bench.until('failed');
    expect(bench.host.state).toMatchObject({ sentence: expect.stringContaining('lock') });
    bench.refusal = 'This case is open for reading only.';
    bench.host.run('margin', MARGIN, { preview: true });
    expect(bench.host.state).toMatchObject({ kind: 'failed', sentence: bench.refusal });
    expect(bench.records).toEqual([]);
  });
});
