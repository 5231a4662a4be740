/** What is required of each structure: its own, or what it inherits from the requirement for all. */

import type { Requirement, Structure } from '../../../api';

export interface RequiredRow extends Requirement {
  /** Not its own: there is one for all structures with this metric against the same comparator. */
  readonly inherited: boolean;
}

type Name = Omit<Requirement, 'threshold'>;

const isOf = (one: Name, other: Name): boolean =>
  one.metric === other.metric && one.comparator === other.comparator;

export const isSameRequirement = (one: Name, other: Name): boolean =>
  isOf(one, other) && one.structure === other.structure;

/** Those for all first, then structure by structure in the order of the project. */
export function requiredRows(
  rows: readonly Requirement[],
  structures: readonly Structure[],
  withInherited: boolean,
): readonly RequiredRow[] {
  const general = rows.filter(({ structure }) => structure === '');
  const shown: RequiredRow[] = general.map((row) => ({ ...row, inherited: false }));
  for (const { key } of structures) {
    const own = rows.filter(({ structure }) => structure === key);
    shown.push(...own.map((row) => ({ ...row, inherited: false })));
    if (withInherited) {
      const left = general.filter((row) => !own.some((other) => isOf(row, other)));
      shown.push(...left.map((row) => ({ ...row, structure: key, inherited: true })));
    }
  }
  return shown;
}
