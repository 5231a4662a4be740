/** Relabel: one island of a structure becomes another structure, or is copied to one of another layer. */
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import type { Connectivity } from './primitives/components';
import { moveIsland } from './primitives/islandAt';

export interface RelabelParams {
  /** A voxel of the island. */
  readonly at: Triple;
  /** The structure it belongs to now. */
  readonly from: StructureRef;
  readonly to: StructureRef;
  /** Copied: it stays what it is too. Only to another layer; in one layer structures exclude each other. */
  readonly keeps?: boolean;
  /** 6 unless given. */
  readonly connectivity?: Connectivity;
}

export const relabel: Operation<RelabelParams> = {
  needs: ({ from }, about) => ({ box: about.boundingBox([from]), hu: false }),

  run(region: Region, { at, from, to, keeps, connectivity }: RelabelParams, context: Context): Proposal {
    if (from.layer === to.layer && from.value === to.value) {
      throw new OperationRefused('The island is this structure already; choose another one.');
    }
    const changes = moveIsland(region, at, from, to, connectivity ?? 6, keeps);
    context.report(1);
    return { changes };
  },
};
