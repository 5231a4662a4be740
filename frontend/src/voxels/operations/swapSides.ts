/** Swap sides: what was called left becomes right and the other way round. */
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';
import { BACKGROUND } from '../labelMap';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import type { Connectivity } from './primitives/components';
import { moveIsland } from './primitives/islandAt';
import { labelsFor, placeOf } from './primitives/labels';

export interface SwapParams {
  readonly left: StructureRef;
  readonly right: StructureRef;
  /** A voxel of the one island that changes sides; null exchanges the structures as a whole. */
  readonly at: Triple | null;
  /** 6 unless given. */
  readonly connectivity?: Connectivity;
}

export const swapSides: Operation<SwapParams> = {
  needs: ({ left, right }, about) => ({ box: about.boundingBox([left, right]), hu: false }),

  run(region: Region, { left, right, at, connectivity }: SwapParams, context: Context): Proposal {
    if (left.layer === right.layer && left.value === right.value) {
      throw new OperationRefused('Choose two different structures.');
    }
    const changes =
      at === null ? exchange(region, left, right) : crossOver(region, left, right, at, connectivity ?? 6);
    context.report(1);
    return { changes };
  },
};

function exchange(region: Region, left: StructureRef, right: StructureRef): Proposal['changes'] {
  const [lefts, rights] = [labelsFor(region, left), labelsFor(region, right)];
  if (!lefts.includes(left.value) && !rights.includes(right.value)) {
    throw new OperationRefused('Both structures are empty; draw something first.');
  }
  if (left.layer === right.layer) {
    const values = lefts.slice();
    for (let at = 0; at < values.length; at += 1) {
      if (lefts[at] === left.value) values[at] = right.value;
      else if (lefts[at] === right.value) values[at] = left.value;
    }
    return [{ layer: left.layer, values }];
  }
  return [
    { layer: left.layer, values: replaced(lefts, left.value, rights, right.value) },
    { layer: right.layer, values: replaced(rights, right.value, lefts, left.value) },
  ];
}

/** Labels in which a structure lies where another one of another layer was. */
function replaced(labels: Uint8Array, value: number, others: Uint8Array, otherValue: number): Uint8Array {
  const values = labels.slice();
  for (let at = 0; at < values.length; at += 1) {
    if (others[at] === otherValue) values[at] = value;
    else if (labels[at] === value) values[at] = BACKGROUND;
  }
  return values;
}

function crossOver(
  region: Region,
  left: StructureRef,
  right: StructureRef,
  at: Triple,
  connectivity: Connectivity,
): Proposal['changes'] {
  const place = placeOf(region, at);
  const holds = (side: StructureRef) => labelsFor(region, side)[place] === side.value;
  if (holds(left)) return moveIsland(region, at, left, right, connectivity);
  if (holds(right)) return moveIsland(region, at, right, left, connectivity);
  throw new OperationRefused('Neither of the two structures is there; point at an island of one of them.');
}
