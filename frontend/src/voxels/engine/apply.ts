/** A whole operation: proposed values of a box, compared with the mask under masks and locks. Nothing is written here. */
import type { Box } from '../box';
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';
import type { LabelMap } from '../labelMap';
import type { VoxelFilter } from './filter';
import { type ChangeRule, type EditStep, SliceChanges, StepBuilder } from './step';
import { type Locks, mayChange } from './stroke';
import type { EditTool } from './tools';

/** The value that every voxel of the box should have, i fastest; where it has it already nothing changes. */
export interface ProposedChange {
  readonly layer: number;
  readonly box: Box;
  readonly values: Uint8Array;
}

export interface ProposedEdit {
  readonly tool: EditTool;
  /** What the record of work names. */
  readonly target: StructureRef;
  /** One for each layer that changes. */
  readonly changes: readonly ProposedChange[];
  /** `engine.version` when the voxels were read: the edit is refused where they have changed since. */
  readonly version?: number;
}

/** The mask has changed since the proposal was computed. */
export class StaleEdit extends Error {
  constructor() {
    super('The mask was changed while this was being computed. Run it again.');
    this.name = 'StaleEdit';
  }
}

/** Voxels looked at between two pauses: about a millisecond. */
const VOXELS_PER_STEP = 2 ** 19;

/** Finds what the proposal changes; yields the share that is done, 0 to 1. */
export function* stepsOf(
  map: LabelMap,
  { tool, target, changes }: ProposedEdit,
  lockOf: (layer: number) => Locks,
  filter: VoxelFilter | null,
): Generator<number, EditStep | null> {
  const builder = new StepBuilder(map.shape);
  const total = changes.reduce((sum, { values }) => sum + values.length, 0);
  let done = 0;
  let rest = VOXELS_PER_STEP;
  for (const change of changes) {
    const rule = new ProposalRule(lockOf(change.layer), filter);
    const area = change.box.size[0] * change.box.size[1];
    for (let dk = 0; dk < change.box.size[2]; dk++) {
      builder.take(sliceOf(map, change, dk, rule));
      done += area;
      rest -= area;
      if (rest <= 0) {
        rest = VOXELS_PER_STEP;
        yield done / total;
      }
    }
  }
  return builder.build(tool, target);
}

function sliceOf(map: LabelMap, { layer, box, values }: ProposedChange, dk: number, rule: ChangeRule) {
  const ni = map.shape[0];
  const [width, height] = box.size;
  const k = box.low[2] + dk;
  const slice = new SliceChanges(layer, k);
  const voxels = map.layers[layer][k];
  const from = width * height * dk;
  if (width === ni) {
    const start = ni * box.low[1];
    slice.compare(start, width * height, voxels, start, values, from, rule);
    return slice;
  }
  for (let dj = 0; dj < height; dj++) {
    const start = box.low[0] + ni * (box.low[1] + dj);
    slice.compare(start, width, voxels, start, values, from + width * dj, rule);
  }
  return slice;
}

class ProposalRule implements ChangeRule {
  private readonly locks: Locks;
  private readonly filter: VoxelFilter | null;

  constructor(locks: Locks, filter: VoxelFilter | null) {
    this.locks = locks;
    this.filter = filter;
  }

  mayChange(old: number, now: number): boolean {
    return mayChange(this.locks, old, now);
  }

  allowed(k: number, position: number, count: number): Uint8Array | null {
    return this.filter === null ? null : this.filter.mark(k, position, count, 1);
  }
}

/** Throws a RangeError where a proposal does not fit the mask. */
export function requireProposal({ changes }: ProposedEdit, shape: Triple, layers: number): void {
  for (const { layer, box, values } of changes) {
    const inside = [0, 1, 2].every(
      (axis) => box.low[axis] >= 0 && box.size[axis] >= 1 && box.low[axis] + box.size[axis] <= shape[axis],
    );
    if (
      !inside ||
      layer < 0 ||
      layer >= layers ||
      values.length !== box.size[0] * box.size[1] * box.size[2]
    ) {
      throw new RangeError('This proposal does not fit the mask: it was made for another scan.');
    }
  }
  if (new Set(changes.map(({ layer }) => layer)).size !== changes.length) {
    throw new RangeError('A proposal changes each layer once.');
  }
}
