/** Islands: the connected parts of a structure. */
import { union } from '../box';
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';
import { BACKGROUND } from '../labelMap';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import { Components, type Connectivity } from './primitives/components';
import { islandAt } from './primitives/islandAt';
import { labelsFor, labelsWith, voxelMl } from './primitives/labels';

/** 3D Slicer's names for the actions. */
export const ISLAND_ACTIONS = {
  keep_largest: 'Keep largest island',
  remove_small: 'Remove small islands',
  split: 'Split islands to segments',
  keep_at: 'Keep selected island',
  remove_at: 'Remove selected island',
} as const;

export type IslandsParams = {
  readonly target: StructureRef;
  /** 6 unless given, as in Slicer: voxels that touch only at an edge or a corner are no bridge. */
  readonly connectivity?: Connectivity;
} & (
  | { readonly action: 'keep_largest' }
  /** Islands smaller than this go; one of the two is given. */
  | { readonly action: 'remove_small'; readonly min_voxels: number }
  | { readonly action: 'remove_small'; readonly min_ml: number }
  /** The largest island stays, the next ones go to these empty structures in turn. */
  | { readonly action: 'split'; readonly into: readonly StructureRef[] }
  /** The island of this voxel. */
  | { readonly action: 'keep_at' | 'remove_at'; readonly at: Triple }
);

export const islands: Operation<IslandsParams> = {
  needs: (params, about) => {
    const box = about.boundingBox([params.target]);
    const others = params.action === 'split' ? about.boundingBox(params.into) : null;
    // What should be empty and is not must be seen, to be refused.
    return { box: box === null || others === null ? box : union(box, others), hu: false };
  },

  run(region: Region, params: IslandsParams, context: Context): Proposal {
    const { target } = params;
    const labels = labelsWith(region, target);
    const found = new Components(labels, target.value, region.size, params.connectivity ?? 6);
    context.report(0.8);
    const proposal =
      params.action === 'split'
        ? split(region, found, target, params.into)
        : keep(labels, found, target, kept(region, found, params));
    context.report(1);
    return proposal;
  },
};

/** Which islands stay. */
function kept(
  region: Region,
  found: Components,
  params: Exclude<IslandsParams, { action: 'split' }>,
): (island: number) => boolean {
  if (params.action === 'keep_largest') {
    const { largest } = found;
    return (island) => island === largest;
  }
  if (params.action === 'remove_small') {
    const least = leastVoxels(region, params);
    return (island) => found.voxels[island] >= least;
  }
  const chosen = islandAt(region, found, params.at);
  return params.action === 'keep_at' ? (island) => island === chosen : (island) => island !== chosen;
}

function leastVoxels(region: Region, least: { min_voxels: number } | { min_ml: number }): number {
  const voxels = 'min_ml' in least ? least.min_ml / voxelMl(region.spacing_mm) : least.min_voxels;
  if (!(Number.isFinite(voxels) && voxels > 0)) {
    throw new OperationRefused('The smallest island to keep must be larger than nothing.');
  }
  // A thousandth of a voxel: mL are rounded, and an island of just this size stays.
  return voxels - 1e-3;
}

function keep(
  labels: Uint8Array,
  found: Components,
  target: StructureRef,
  stays: (island: number) => boolean,
): Proposal {
  const gone = Array.from({ length: found.count }, (_, island) => island).filter((island) => !stays(island));
  if (gone.length === found.count) {
    throw new OperationRefused('No island would be left; choose a smaller size, or clear the structure.');
  }
  if (gone.length === 0) return { changes: [], note: `Nothing to remove: ${islandsIn(found.count)}.` };
  const values = labels.slice();
  found.paint(values, (island) => (stays(island) ? null : BACKGROUND));
  const voxels = gone.reduce((sum, island) => sum + found.voxels[island], 0);
  return {
    changes: [{ layer: target.layer, values }],
    note: `${islandsIn(gone.length)} removed, ${voxels} voxel${voxels === 1 ? '' : 's'}.`,
  };
}

function split(
  region: Region,
  found: Components,
  target: StructureRef,
  into: readonly StructureRef[],
): Proposal {
  requireFree(region, target, into);
  if (found.count === 1) return { changes: [], note: 'Nothing to split: 1 island.' };
  const bySize = Array.from(found.voxels.keys()).sort((a, b) => found.voxels[b] - found.voxels[a]);
  const owner = new Map(bySize.slice(1, into.length + 1).map((island, turn) => [island, into[turn]]));
  const layers = new Set([target.layer, ...[...owner.values()].map(({ layer }) => layer)]);
  const changes = [...layers].map((layer) => {
    const values = labelsFor(region, { ...target, layer }).slice();
    found.paint(values, (island) => valueOn(layer, owner.get(island), target));
    return { layer, values };
  });
  const left = found.count - 1 - owner.size;
  const moved = `${islandsIn(owner.size)} moved`;
  return {
    changes,
    note: left === 0 ? `${moved}.` : `${moved}, ${left} left where they were: no structure is free.`,
  };
}

/** What an island becomes on a layer: null leaves it. */
function valueOn(layer: number, owner: StructureRef | undefined, target: StructureRef): number | null {
  if (owner === undefined) return null;
  if (owner.layer === layer) return owner.value;
  return layer === target.layer ? BACKGROUND : null;
}

function requireFree(region: Region, target: StructureRef, into: readonly StructureRef[]): void {
  if (into.length === 0) {
    throw new OperationRefused('No empty structure is free to take an island; empty one first.');
  }
  const names = new Set([target, ...into].map(({ layer, value }) => `${layer}/${value}`));
  if (names.size <= into.length) throw new OperationRefused('Choose each structure once.');
  if (into.some((structure) => labelsFor(region, structure).includes(structure.value))) {
    throw new OperationRefused('Islands can only go to structures that are empty; choose others.');
  }
}

function islandsIn(count: number): string {
  return count === 1 ? '1 island' : `${count} islands`;
}
