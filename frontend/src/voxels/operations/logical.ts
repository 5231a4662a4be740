/** Logical operators between two structures, of one layer or of two. */
import { type Box, boxOf, union } from '../box';
import type { StructureRef } from '../editMask';
import { BACKGROUND } from '../labelMap';
import {
  type About,
  type Context,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operation';
import { labelsFor, labelsWith } from './primitives/labels';

export interface LogicalParams {
  /** The structure that changes. */
  readonly target: StructureRef;
  readonly action: 'copy' | 'add' | 'subtract' | 'intersect' | 'invert' | 'clear';
  /** The second operand; not used by `invert` and `clear`. */
  readonly other: StructureRef | null;
}

/** Whether a voxel belongs to the target afterwards. */
type Rule = (own: boolean, other: boolean) => boolean;

const RULES: Readonly<Record<LogicalParams['action'], Rule>> = {
  copy: (_, other) => other,
  add: (own, other) => own || other,
  subtract: (own, other) => own && !other,
  intersect: (own, other) => own && other,
  invert: (own) => !own,
  clear: () => false,
};

/**
 * Structures of one layer exclude each other: there, what the target gains the other loses, and subtracting or
 * intersecting has nothing to work on.
 */
export const logical: Operation<LogicalParams> = {
  needs: (params, about) => ({ box: boxFor(params, about), hu: false }),

  run(region: Region, params: LogicalParams, context: Context): Proposal {
    const { target, action } = params;
    const other = operand(params);
    const labels =
      action === 'copy' || action === 'add' ? labelsFor(region, target) : labelsWith(region, target);
    const others = other === null ? null : labelsWith(region, other);
    const values = combined(labels, target.value, others, other?.value ?? -1, RULES[action]);
    context.report(1);
    const changes = [{ layer: target.layer, values }];
    if (other?.layer !== target.layer) return { changes };
    return {
      changes,
      note: 'Both structures are on one layer, where they exclude each other: the voxels moved.',
    };
  },
};

function boxFor({ target, action, other }: LogicalParams, about: About): Box | null {
  const own = about.boundingBox([target]);
  if (action === 'invert') return own === null ? null : boxOf(about.shape);
  if (action === 'clear' || action === 'subtract' || action === 'intersect' || other === null) return own;
  const its = about.boundingBox([other]);
  return own === null || its === null ? (its ?? own) : union(own, its);
}

/** The second operand where there is one; refuses pairs that make no sense. */
function operand({ target, action, other }: LogicalParams): StructureRef | null {
  if (action === 'invert' || action === 'clear') return null;
  if (other === null) throw new OperationRefused('A second structure is needed; choose one.');
  if (other.layer !== target.layer) return other;
  if (other.value === target.value) throw new OperationRefused('Choose two different structures.');
  if (action === 'subtract' || action === 'intersect') {
    throw new OperationRefused(
      'These structures are on one layer and never overlap: there is nothing in common.',
    );
  }
  return other;
}

function combined(
  labels: Uint8Array,
  value: number,
  others: Uint8Array | null,
  otherValue: number,
  rule: Rule,
): Uint8Array {
  const values = labels.slice();
  // Two bits say all: a table spares a call per voxel.
  const becomes = [rule(false, false), rule(true, false), rule(false, true), rule(true, true)];
  for (let at = 0; at < labels.length; at += 1) {
    const own = labels[at] === value;
    const its = others !== null && others[at] === otherValue;
    if (becomes[(own ? 1 : 0) + (its ? 2 : 0)]) values[at] = value;
    else if (own) values[at] = BACKGROUND;
  }
  return values;
}
