/** What can be done between the active structure and others of the project. */
import type { Structure } from '../../../../api';
import type { LogicalParams } from '../../../../voxels';

type Action = LogicalParams['action'];

const ALL: Readonly<Record<Action, string>> = {
  subtract: 'Subtract another',
  add: 'Add another',
  intersect: 'Keep what another shares',
  copy: 'Become a copy of another',
  invert: 'Invert',
  clear: 'Clear',
};

/** Structures of one layer have nothing in common to work on. */
const ON_OVERLAP: readonly Action[] = ['subtract', 'intersect'];

export interface LogicalChoices {
  readonly action: Action;
  readonly choices: Readonly<Partial<Record<Action, string>>>;
  /** What may be the second structure. */
  readonly others: readonly Structure[];
}

/** The wanted action where it can be done, else the first that can. */
export function logicalChoices(
  wanted: Action,
  active: Structure | null,
  structures: readonly Structure[],
): LogicalChoices {
  const others = structures.filter(({ key }) => key !== active?.key);
  const overlapping = others.filter(({ layer }) => layer !== active?.layer);
  if (overlapping.length > 0) {
    return { action: wanted, choices: ALL, others: ON_OVERLAP.includes(wanted) ? overlapping : others };
  }
  const { subtract: _, intersect: __, ...choices } = ALL;
  return { action: ON_OVERLAP.includes(wanted) ? 'add' : wanted, choices, others };
}
