/** What a reader may want to know before handing a case in. */

import type { Structure } from '../../../api';

export interface OpenStructure {
  readonly structure: Structure;
  /** Nothing is drawn, and the model drew it: deleted on purpose, or lost. */
  readonly isEmptied: boolean;
  readonly isEmpty: boolean;
  /** Share of its slices that were on screen, below 1; null where that is no matter. */
  readonly lookedShare: number | null;
}

export interface Unfinished {
  /** What was emptied first, then what was looked at least. */
  readonly structures: readonly OpenStructure[];
  readonly regions: number;
  readonly regionsNotVisited: number;
}

export interface CaseFacts {
  readonly structures: readonly Structure[];
  readonly isDrawn: (structure: Structure) => boolean;
  readonly isPredicted: (structure: Structure) => boolean;
  readonly lookedShare: (structure: Structure) => number | null;
  readonly regions: number;
  /** Ranks of the regions that were visited or ticked. */
  readonly done: ReadonlySet<number>;
}

export function unfinishedOf(facts: CaseFacts): Unfinished {
  const structures = facts.structures
    .map((structure) => openOf(structure, facts))
    .filter(({ isEmpty, lookedShare }) => isEmpty || lookedShare !== null)
    .sort((a, b) => urgency(b) - urgency(a));
  const visited = [...facts.done].filter((rank) => rank < facts.regions).length;
  return { structures, regions: facts.regions, regionsNotVisited: facts.regions - visited };
}

function openOf(structure: Structure, facts: CaseFacts): OpenStructure {
  const isEmpty = !facts.isDrawn(structure);
  const share = isEmpty ? null : facts.lookedShare(structure);
  return {
    structure,
    isEmpty,
    isEmptied: isEmpty && facts.isPredicted(structure),
    lookedShare: share !== null && share < 1 ? share : null,
  };
}

function urgency({ isEmptied, lookedShare }: OpenStructure): number {
  if (isEmptied) {
    return 2;
  }
  return lookedShare === null ? -1 : 1 - lookedShare;
}

/** `nothing is drawn, but the model drew it`, or `looked at 62 %`. */
export function openWords({ isEmpty, isEmptied, lookedShare }: OpenStructure): string {
  if (isEmpty) {
    return isEmptied ? 'nothing is drawn, but the model drew it' : 'nothing is drawn';
  }
  // 99.6 % is not everything.
  return `looked at ${Math.floor((lookedShare ?? 0) * 100)} %`;
}

/** One or two sentences above the list. */
export function summaryWords({ structures, regions, regionsNotVisited }: Unfinished): string {
  const parts: string[] = [];
  if (regionsNotVisited > 0) {
    parts.push(
      regionsNotVisited === regions
        ? `None of the ${regions} suspicious regions was visited.`
        : `${regionsNotVisited} of ${regions} suspicious regions ${regionsNotVisited === 1 ? 'was' : 'were'} not visited.`,
    );
  }
  if (structures.length > 0) {
    parts.push(
      `${structures.length === 1 ? '1 structure is' : `${structures.length} structures are`} unfinished:`,
    );
  }
  return parts.length === 0 ? 'Every structure is drawn and was looked at.' : parts.join(' ');
}
