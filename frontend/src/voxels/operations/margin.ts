/** Margin: a structure grown or shrunk by a distance in millimetres. */
import { grown } from '../box';
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import { reachInVoxels } from './primitives/ball';
import { labelsWith, maskOf, requireReach, settle } from './primitives/labels';
import { grow, shrink } from './primitives/morphology';

export interface MarginParams {
  readonly target: StructureRef;
  /** Above zero grows, below zero shrinks. */
  readonly margin_mm: number;
}

/**
 * Distances are exact and run from voxel centre to voxel centre. Growing takes what lies within the margin of the
 * structure, whoever owns it; shrinking gives up what lies within the margin of the outside. At the border of the
 * scan nothing is given up: what lies beyond is not known.
 */
export const margin: Operation<MarginParams> = {
  needs: ({ target, margin_mm }, about) => {
    const box = about.boundingBox([target]);
    const by: Triple = margin_mm > 0 ? reachInVoxels(margin_mm, about.spacing_mm) : [1, 1, 1];
    return { box: box === null ? null : grown(box, by, about.shape), hu: false };
  },

  run(region: Region, { target, margin_mm }: MarginParams, context: Context): Proposal {
    const radius_mm = Math.abs(margin_mm);
    requireReach(radius_mm, region.spacing_mm, 'The margin');
    const labels = labelsWith(region, target);
    const mask = maskOf(labels, target.value);
    const ball = { radius_mm, report: context.report };
    if (margin_mm > 0) grow(mask, region, ball);
    else shrink(mask, region, ball);
    if (!mask.includes(1)) {
      throw new OperationRefused('Nothing would be left of the structure; choose a smaller margin.');
    }
    return { changes: [{ layer: target.layer, values: settle(mask, labels, target.value) }] };
  },
};
