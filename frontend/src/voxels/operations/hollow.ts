/** Hollow: a structure turned into a wall. */
import { grown } from '../box';
import type { StructureRef } from '../editMask';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import { reachInVoxels } from './primitives/ball';
import { labelsWith, maskOf, part, requireReach, settle } from './primitives/labels';
import { grow, shrink } from './primitives/morphology';

export interface HollowParams {
  readonly target: StructureRef;
  /** How thick the wall is. */
  readonly shell_mm: number;
  /** Where the wall lies, seen from the surface; `both` puts half of it to each side. */
  readonly side: 'inside' | 'outside' | 'both';
}

/** Slicer calls the sides by what the present surface becomes: outside surface, inside surface, medial surface. */
export const hollow: Operation<HollowParams> = {
  needs: ({ target, shell_mm, side }, about) => {
    const box = about.boundingBox([target]);
    if (box === null) return { box, hu: false };
    const reach = reachInVoxels(thicknessOf(shell_mm, side), about.spacing_mm);
    const [i, j, k] = side === 'inside' ? [1, 1, 1] : reach.map((voxels) => Math.max(1, voxels));
    return { box: grown(box, [i, j, k], about.shape), hu: false };
  },

  run(region: Region, { target, shell_mm, side }: HollowParams, context: Context): Proposal {
    const thickness_mm = thicknessOf(shell_mm, side);
    requireReach(thickness_mm, region.spacing_mm, side === 'both' ? 'Half of the wall' : 'The wall');
    const labels = labelsWith(region, target);
    const wall = maskOf(labels, target.value);
    const middle = side === 'both' ? 0.5 : side === 'outside' ? 1 : 0;
    let scratch: Float32Array | undefined;
    if (side !== 'inside') {
      scratch = grow(wall, region, { radius_mm: thickness_mm, report: part(context.report, 0, middle) });
    }
    const core = maskOf(labels, target.value);
    if (side !== 'outside') {
      const ball = { radius_mm: thickness_mm, report: part(context.report, middle, 1) };
      shrink(core, region, scratch === undefined ? ball : { ...ball, scratch });
    }
    if (!core.includes(1)) {
      throw new OperationRefused('The wall is so thick that no hollow remains; choose a thinner one.');
    }
    for (let at = 0; at < wall.length; at += 1) if (core[at] === 1) wall[at] = 0;
    return { changes: [{ layer: target.layer, values: settle(wall, labels, target.value) }] };
  },
};

/** Of the wall to one side of the surface. */
function thicknessOf(shell_mm: number, side: HollowParams['side']): number {
  return side === 'both' ? shell_mm / 2 : shell_mm;
}
