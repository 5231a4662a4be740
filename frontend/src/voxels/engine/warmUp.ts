import { NO_MASK } from '../editMask';
import { decodeEdits, encodeEdits } from '../edits';
import { ijk, type Plane, type Triple } from '../geometry';
import { LabelMap } from '../labelMap';
import { encodeRowEdits } from '../rowEdits';
import { EditEngine } from './editEngine';
import type { StrokeTarget } from './stroke';

const SHAPE: Triple = [96, 96, 64];
/** Browsers compile for the kinds of numbers they have seen: whole ones and fractions are two kinds. */
const SPACINGS_MM: readonly Triple[] = [
  [0.78125, 0.78125, 1.25],
  [1, 1, 1],
];
/** The first round runs before anything is compiled: it is small. */
const RADII_MM = [6, 14, 22, 30, 30, 30];
const PLANES: readonly (Plane | null)[] = [null, 'axial', null, 'coronal', null, 'sagittal'];

/**
 * Draws on a small mask of its own until the browser has compiled the engine: the first stroke of a reader is then as
 * fast as the tenth. Yields the share that is done after each event, of one to three milliseconds.
 */
export function* warmUp(): Generator<number, void> {
  const start = yield* startMap();
  const engines: EditEngine[] = [];
  for (const spacing_mm of SPACINGS_MM) {
    const engine = new EditEngine(start.copy(), spacing_mm);
    engines.push(engine);
    yield 0;
    engine.setImage(
      Array.from({ length: SHAPE[2] }, () => new Int16Array(SHAPE[0] * SHAPE[1])),
      () => true,
    );
  }
  const source = start.copy();
  for (let round = 0; round < RADII_MM.length; round++) {
    for (const engine of engines) {
      engine.setMask(
        round % 3 === 1 ? { ...NO_MASK, area: 'outside', structures: [{ layer: 0, value: 9 }] } : NO_MASK,
      );
      const value = 1 + (round % 2);
      for (const target of targetsOf(value, source)) {
        for (const _ of draw(engine, target, round)) yield round / RADII_MM.length;
      }
    }
  }
}

function targetsOf(value: number, source: LabelMap): readonly StrokeTarget[] {
  return [
    { tool: 'brush', layer: 0, value },
    { tool: 'eraser', layer: 0, value },
    { tool: 'threshold_brush', layer: 0, value, hu: [-1, 1] },
    { tool: 'accept_brush', layer: 0, value, writes: source },
    { tool: 'eraser', layer: 0, value, all: true },
    { tool: 'brush', layer: 0, value: value + 2 },
  ];
}

/** Several structures, so that strokes meet borders. */
function* startMap(): Generator<number, LabelMap> {
  const map = LabelMap.empty(SHAPE, 1);
  const slices = map.layers[0];
  for (const [k, slice] of slices.entries()) {
    // Four slices are alike.
    if (k % 4 !== 0) slice.set(slices[k - 1]);
    else for (let p = 0; p < slice.length; p += 8) slice.fill(((p >> 3) + (k >> 2)) % 7, p, p + 8);
    if (k % 4 === 0) yield 0;
  }
  return map;
}

function* draw(engine: EditEngine, target: StrokeTarget, round: number): Generator<void, void> {
  const plane = PLANES[round % PLANES.length];
  const radius_mm = RADII_MM[round];
  engine.begin(target);
  let from = ijk(40, 48, 32);
  for (const by of [0, 4.3, 8.7]) {
    const to = ijk(40 + by, 48 - by / 2, plane === null ? 32 + by / 3 : 32);
    engine.stamp({ from, to, radius_mm, plane });
    from = to;
    yield;
  }
  engine.draft();
  yield;
  const record = engine.commit();
  if (record !== null) encodeRowEdits(decodeEdits(encodeEdits(record.sent)), SHAPE[0]);
  yield;
  if (round % 2 === 0) engine.undo();
}
