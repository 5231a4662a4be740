/** Cuts out what an operation needs, in pieces of a slice, so that the page answers in between. */
import {
  type About,
  type Box,
  boxVoxels,
  type EditEngine,
  type Need,
  type Operation,
  OperationRefused,
  type Region,
  type StructureRef,
  type Triple,
  union,
} from '../../voxels';
import type { ToolImage } from './host';

export interface Scan {
  readonly engine: EditEngine;
  readonly image: ToolImage;
  readonly spacing_mm: Triple;
}

/** Slices looked at between two yields of a search for a structure's box. */
const SLICES_PER_STEP = 4;

/** A box that was asked for and is not known yet: it is looked for in steps, then the question is put again. */
class Unknown extends Error {
  readonly structure: StructureRef;

  constructor(structure: StructureRef) {
    super('The box of a structure is not known yet.');
    this.structure = structure;
  }
}

/** What the operation needs. Boxes of structures are found in steps, however large the scan is. */
export function* needOf<P>(operation: Operation<P>, params: P, scan: Scan): Generator<number, Need> {
  const { engine, spacing_mm } = scan;
  const known = new Map<string, Box | null>();
  const about: About = {
    shape: engine.map.shape,
    spacing_mm,
    boundingBox: (structures) =>
      structures.reduce<Box | null>((all, one) => joined(all, boxIn(known, engine, one)), null),
  };
  for (;;) {
    try {
      return operation.needs(params, about);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      known.set(keyOf(error.structure), yield* boxOfStructure(engine, error.structure));
    }
  }
}

function boxIn(
  known: ReadonlyMap<string, Box | null>,
  engine: EditEngine,
  structure: StructureRef,
): Box | null {
  if (engine.voxelCount(structure.layer, structure.value) === 0) return null;
  const box = known.get(keyOf(structure));
  if (box === undefined) throw new Unknown(structure);
  return box;
}

function* boxOfStructure(engine: EditEngine, { layer, value }: StructureRef): Generator<number, Box | null> {
  const slices = engine.map.shape[2];
  let box: Box | null = null;
  for (let first = 0; first < slices; first += SLICES_PER_STEP) {
    const isHere = (k: number) =>
      k >= first && k < first + SLICES_PER_STEP && engine.sliceCount(layer, k, value) > 0;
    box = joined(box, engine.map.boundingBox(layer, value, isHere));
    yield first / slices;
  }
  return box;
}

function joined(a: Box | null, b: Box | null): Box | null {
  if (a === null || b === null) return a ?? b;
  return union(a, b);
}

function keyOf({ layer, value }: StructureRef): string {
  return `${layer}:${value}`;
}

/** Copies of every layer, and of the image where it is asked for. Refuses while a slice of it is not loaded. */
export function* cutRegion(
  { engine, image, spacing_mm }: Scan,
  box: Box,
  withHu: boolean,
): Generator<number, Region> {
  if (withHu) requireLoaded(image, box);
  const { map } = engine;
  const labels = map.layers.map(() => new Uint8Array(boxVoxels(box)));
  const hu = withHu ? new Int16Array(boxVoxels(box)) : null;
  const depth = box.size[2];
  for (let dk = 0; dk < depth; dk++) {
    const k = box.low[2] + dk;
    map.layers.forEach((slices, layer) => {
      copySlice(slices[k], labels[layer], map.shape, box, dk);
    });
    if (hu !== null) copySlice(image.slices[k], hu, map.shape, box, dk);
    yield (dk + 1) / depth;
  }
  return { ...box, spacing_mm, labels, hu };
}

function copySlice<Voxels extends Uint8Array | Int16Array>(
  from: Voxels | undefined,
  to: Voxels | undefined,
  shape: Triple,
  { low, size }: Box,
  dk: number,
): void {
  if (from === undefined || to === undefined) return;
  const [width, height] = size;
  for (let j = 0; j < height; j++) {
    const start = low[0] + shape[0] * (low[1] + j);
    to.set(from.subarray(start, start + width), width * (j + height * dk));
  }
}

function requireLoaded(image: ToolImage, { low, size }: Box): void {
  let missing = 0;
  for (let k = low[2]; k < low[2] + size[2]; k++) if (!image.isFull(k)) missing += 1;
  if (missing === 0) return;
  throw new OperationRefused(
    `This needs the scan, and ${missing} of the ${size[2]} slices it looks at are still loading; try again in a moment.`,
  );
}
