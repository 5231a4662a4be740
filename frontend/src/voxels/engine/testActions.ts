/** Random sequences of everything the engine can do, for property tests. */
import fc from 'fast-check';
import type { Box } from '../box';
import { type EditMask, NO_MASK } from '../editMask';
import { encodeEdits } from '../edits';
import { ijk, type Plane, type Triple } from '../geometry';
import { IGNORE, LabelMap } from '../labelMap';
import { encodeRowEdits } from '../rowEdits';
import { EditEngine } from './editEngine';
import type { StrokeRecord } from './record';
import type { Span, StrokeTarget } from './stroke';
import { EDIT_TOOLS } from './tools';

export const SHAPE: Triple = [20, 16, 12];
export const SPACING: Triple = [1, 1.5, 3];
export const LOCKED = 3;
const VALUES = 5;

/** Two layers with all values from background to 5 and some "not annotated", the same in every test. */
export function startMap(shape: Triple = SHAPE): LabelMap {
  const map = LabelMap.empty(shape, 2);
  for (let layer = 0; layer < 2; layer++) {
    const voxels = map.layerVoxels(layer);
    for (let p = 0; p < voxels.length; p++) {
      const block = (Math.floor(p / 7) * 2654435761 + layer * 97) % 11;
      voxels[p] = block === 10 ? IGNORE : block % 6;
    }
  }
  return map;
}

/** What the accept brush restores. */
export function otherMap(shape: Triple = SHAPE): LabelMap {
  const map = LabelMap.empty(shape, 2);
  for (let layer = 0; layer < 2; layer++) {
    map.layerVoxels(layer).forEach((_, p, voxels) => {
      const block = (Math.floor(p / 9) * 40503 + layer * 31) % 13;
      voxels[p] = block === 12 ? IGNORE : block % 6;
    });
  }
  return map;
}

/** Waves from -100 to 100 HU; the last two slices are not loaded. */
export function huSlices([ni, nj, nk]: Triple = SHAPE): Int16Array[] {
  return Array.from({ length: nk }, (_, k) =>
    Int16Array.from({ length: ni * nj }, (__, p) => Math.round(100 * Math.sin(p / 3 + k))),
  );
}

export const isLoaded = (k: number): boolean => k < SHAPE[2] - 2;

export function lockedEngine(shape: Triple = SHAPE): EditEngine {
  const engine = new EditEngine(startMap(shape), SPACING);
  engine.setImage(huSlices(shape), (k) => k < shape[2] - 2);
  engine.setLocked(0, LOCKED, true);
  engine.setLocked(1, LOCKED, true);
  return engine;
}

export interface Drawn {
  readonly kind: 'draw';
  readonly target: Omit<StrokeTarget, 'writes'> & { readonly writes?: number | 'other' };
  readonly path: readonly (readonly [number, number, number])[];
  readonly radius_mm: number;
  readonly plane: Plane | null;
  readonly spans: readonly Span[];
  readonly ends: 'commit' | 'cancel';
}

export interface Applied {
  readonly kind: 'apply';
  readonly tool: StrokeTarget['tool'];
  readonly box: Box;
  readonly layers: readonly number[];
  readonly seed: number;
}

export type Action = Drawn | Applied | { readonly kind: 'mask'; readonly mask: EditMask } | 'undo' | 'redo';

const layer = fc.nat(1);
const value = fc.integer({ min: 1, max: VALUES });
const huRange = fc
  .tuple(fc.integer({ min: -110, max: 50 }), fc.nat(120))
  .map(([low, by]) => [low, low + by] as const);

const target = fc
  .record({
    tool: fc.constantFrom(...EDIT_TOOLS.slice(0, 8)),
    layer,
    value,
    all: fc.boolean(),
    writes: fc.constantFrom<number | 'other' | null>(null, 0, 2, 'other', 'other'),
    hu: fc.option(huRange, { freq: 4 }),
  })
  .map(({ writes, hu, ...rest }): Drawn['target'] => ({
    ...rest,
    ...(writes === null ? {} : { writes }),
    ...(hu === null ? {} : { hu }),
  }));

function anySpan([ni, nj, nk]: Triple): fc.Arbitrary<Span> {
  return fc
    .record({
      k: fc.nat(nk - 1),
      start: fc.nat(ni * nj - 1),
      count: fc.integer({ min: 1, max: 30 }),
      stride: fc.constantFrom(1, ni),
    })
    .map(({ start, count, stride, k }) => {
      const most = Math.floor((ni * nj - 1 - start) / stride) + 1;
      return { k, start, stride, count: Math.min(count, most) };
    });
}

function anyDrawnOn(shape: Triple): fc.Arbitrary<Drawn> {
  return fc.record({
    kind: fc.constant('draw' as const),
    target,
    path: fc.array(fc.tuple(fc.nat(shape[0]), fc.nat(shape[1]), fc.nat(shape[2])), {
      minLength: 1,
      maxLength: 4,
    }),
    radius_mm: fc.integer({ min: 1, max: Math.round(0.3 * shape[0]) }),
    plane: fc.constantFrom<Plane | null>('axial', 'coronal', 'sagittal', null),
    spans: fc.array(anySpan(shape), { maxLength: 3 }),
    ends: fc.constantFrom('commit' as const, 'commit' as const, 'commit' as const, 'cancel' as const),
  });
}

function anyAppliedOn(shape: Triple): fc.Arbitrary<Applied> {
  const box = fc.tuple(...shape.map((n) => fc.tuple(fc.nat(n - 1), fc.nat(n - 1)))).map((ends): Box => {
    const low = ends.map(([a, b]) => Math.min(a, b)) as unknown as Triple;
    return { low, size: ends.map(([a, b]) => Math.abs(a - b) + 1) as unknown as Triple };
  });
  return fc.record({
    kind: fc.constant('apply' as const),
    tool: fc.constantFrom(...EDIT_TOOLS.slice(8, 19)),
    box,
    layers: fc.constantFrom([0], [1], [0, 1], [1, 0]),
    seed: fc.nat(1000),
  });
}

export const anyMask: fc.Arbitrary<EditMask> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(NO_MASK) },
  {
    weight: 3,
    arbitrary: fc.record({
      area: fc.constantFrom<EditMask['area']>('anywhere', 'inside', 'outside', 'background'),
      structures: fc.array(fc.record({ layer, value }), { maxLength: 3 }),
      hu: fc.option(huRange),
      slices: fc.option(
        fc
          .record({
            plane: fc.constantFrom<Plane>('axial', 'coronal', 'sagittal'),
            first: fc.nat(11),
            more: fc.nat(8),
          })
          .map(({ plane, first, more }) => ({ plane, first, last: first + more })),
      ),
    }),
  },
);

export function anyActionOn(shape: Triple): fc.Arbitrary<Action> {
  return fc.oneof(
    { weight: 5, arbitrary: anyDrawnOn(shape) },
    { weight: 2, arbitrary: anyAppliedOn(shape) },
    { weight: 1, arbitrary: anyMask.map((mask) => ({ kind: 'mask' as const, mask })) },
    { weight: 2, arbitrary: fc.constantFrom('undo' as const, 'redo' as const) },
  );
}

export const anyDrawn = anyDrawnOn(SHAPE);
export const anyApplied = anyAppliedOn(SHAPE);
export const anyAction = anyActionOn(SHAPE);

/** Values of a proposal: what is there, with one voxel in three changed to something. */
function proposed(engine: EditEngine, { box: { low, size }, seed }: Applied, of: number): Uint8Array {
  const values = engine.map.cut(of, { low, size });
  values.forEach((_, q) => {
    const draw = ((q + 1) * 48271 * (seed + 3) + of) % 97;
    if (draw % 3 === 0) values[q] = draw % 7 === 6 ? IGNORE : draw % 7;
  });
  return values;
}

const OTHER = otherMap();

export function take(engine: EditEngine, action: Action, other = OTHER): StrokeRecord | null {
  if (action === 'undo') return engine.undo();
  if (action === 'redo') return engine.redo();
  if (action.kind === 'mask') {
    engine.setMask(action.mask);
    return null;
  }
  if (action.kind === 'draw') return draw(engine, action, other);
  const { tool, layers, box: where } = action;
  const changes = layers.map((of) => ({ layer: of, box: where, values: proposed(engine, action, of) }));
  return engine.apply({ tool, target: { layer: layers[0], value: 1 }, changes, version: engine.version });
}

function draw(
  engine: EditEngine,
  { target: given, path, radius_mm, plane, spans, ends }: Drawn,
  other: LabelMap,
): StrokeRecord | null {
  const { writes, ...rest } = given;
  const what = writes === undefined ? {} : { writes: writes === 'other' ? other : writes };
  if (!engine.begin({ ...rest, ...what })) return null;
  let from = ijk(...path[0]);
  for (const point of path) {
    const to = ijk(...point);
    engine.stamp({ from, to, radius_mm, plane });
    from = to;
  }
  engine.fill(spans);
  if (ends === 'commit') return engine.commit();
  engine.cancel();
  return null;
}

export function differing(map: LabelMap, other: LabelMap): number {
  return map.layers.reduce((sum, _, of) => {
    const expected = other.layerVoxels(of);
    return sum + map.layerVoxels(of).reduce((n, now, p) => n + (now === expected[p] ? 0 : 1), 0);
  }, 0);
}

/** What one random sequence gives: the bytes of every save in order, and the buffers of the layers at its end. */
export interface Recording {
  readonly start: readonly Uint8Array[];
  /** As outlines, as they are sent, and as plain runs. */
  readonly saves: readonly { readonly rows: Uint8Array; readonly plain: Uint8Array }[];
  readonly end: readonly Uint8Array[];
}

/** The same recordings for the same seed; in a box, where only that is asked for. */
export function recordings(
  shape: Triple,
  seed: number,
  count: number,
  edits: number,
  bounds: Box | null = null,
): Recording[] {
  const sequences = fc.sample(fc.array(anyActionOn(shape), { minLength: edits, maxLength: edits }), {
    seed,
    numRuns: count,
  });
  const other = otherMap(shape);
  return sequences.map((actions) => {
    const engine = lockedEngine(shape);
    engine.setBounds(bounds);
    const start = [0, 1].map((of) => engine.map.layerVoxels(of).slice());
    const records = actions.map((action) => take(engine, action, other)).filter((record) => record !== null);
    const end = [0, 1].map((of) => engine.map.layerVoxels(of));
    const saves = records.map(({ sent, delta }) => ({
      rows: encodeRowEdits(sent, shape[0]),
      plain: encodeEdits(delta),
    }));
    return { start, saves, end };
  });
}
