/** Smoothing: median, opening and closing of one structure, or of several together. */
import { type Box, grown } from '../box';
import type { StructureRef } from '../editMask';
import { type Context, type Operation, OperationRefused, type Proposal, type Region } from './operation';
import { ballRows, ballVoxels } from './primitives/ball';
import { MOST_BALL_VOXELS } from './primitives/counts';
import { labelsFor, labelsWith, maskOf, requireReach, settle } from './primitives/labels';
import { close, open } from './primitives/morphology';
import { majority, smoothTogether } from './primitives/smoothing';

export interface SmoothParams {
  /** One structure; for `joint` all that are smoothed together, of one layer. */
  readonly target: readonly StructureRef[];
  /**
   * `median` rounds what is smaller than the ball, `opening` cuts spikes and bridges, `closing` fills dents and
   * holes; `joint` is a median that leaves no gaps between the structures.
   */
  readonly method: 'median' | 'opening' | 'closing' | 'joint';
  /** Radius of the ball; what is smaller goes. */
  readonly radius_mm: number;
}

export const smooth: Operation<SmoothParams> = {
  /** None of the methods reaches beyond the box of the structures; one voxel more shows where the scan ends. */
  needs: ({ target }, about) => {
    const box: Box | null = about.boundingBox(target);
    return { box: box === null ? null : grown(box, [1, 1, 1], about.shape), hu: false };
  },

  run(region: Region, params: SmoothParams, context: Context): Proposal {
    requireReach(params.radius_mm, region.spacing_mm, 'The radius');
    return params.method === 'joint' ? joint(region, params, context) : single(region, params, context);
  },
};

function single(region: Region, { target, method, radius_mm }: SmoothParams, context: Context): Proposal {
  const [only] = target;
  if (target.length !== 1 || only === undefined) {
    throw new OperationRefused(
      'This method smooths one structure; choose one, or joint smoothing for several.',
    );
  }
  const labels = labelsWith(region, only);
  const mask = smoothed(region, labels, only.value, { method, radius_mm, report: context.report });
  if (!mask.includes(1)) {
    throw new OperationRefused(
      'The structure is thinner than the ball and would vanish; choose a smaller radius.',
    );
  }
  return { changes: [{ layer: only.layer, values: settle(mask, labels, only.value) }] };
}

interface Single {
  readonly method: SmoothParams['method'];
  readonly radius_mm: number;
  readonly report: (share: number) => void;
}

function smoothed(region: Region, labels: Uint8Array, value: number, how: Single): Uint8Array {
  if (how.method === 'median') {
    requireCountable(how.radius_mm, region);
    return majority(labels, [value], region, how.radius_mm, how.report);
  }
  const mask = maskOf(labels, value);
  (how.method === 'opening' ? open : close)(mask, region, how);
  return mask;
}

function joint(region: Region, { target, radius_mm }: SmoothParams, context: Context): Proposal {
  const [first] = target;
  if (first === undefined) throw new OperationRefused('No structure is chosen; choose those to be smoothed.');
  if (target.some(({ layer }) => layer !== first.layer)) {
    throw new OperationRefused(
      'Structures of different layers may overlap; smooth those of one layer together.',
    );
  }
  requireCountable(radius_mm, region);
  const labels = labelsFor(region, first);
  const values = target.map((structure) => labelsFor(region, structure) && structure.value);
  const present = values.filter((value) => labels.includes(value));
  if (present.length === 0) throw new OperationRefused('These structures are empty; draw something first.');
  const together = smoothTogether(labels, present, region, radius_mm, context.report);
  const gone = present.filter((value) => !together.includes(value)).length;
  const changes = [{ layer: first.layer, values: together }];
  if (gone === 0) return { changes };
  return {
    changes,
    note: `${gone} of the structures ${gone === 1 ? 'is' : 'are'} thinner than the ball and vanish${gone === 1 ? 'es' : ''}.`,
  };
}

function requireCountable(radius_mm: number, region: Region): void {
  if (ballVoxels(ballRows(radius_mm, region.spacing_mm)) > MOST_BALL_VOXELS) {
    throw new OperationRefused(
      `A radius of ${radius_mm} mm is too large for a median; choose a smaller one.`,
    );
  }
}
