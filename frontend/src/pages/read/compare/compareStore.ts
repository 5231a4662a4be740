/** What is shown against what. The masks themselves are fetched and drawn by `useCompare`. */

import { create } from 'zustand';
import type { ComparisonView } from '../../../viewer';
import type { Ijk, Plane } from '../../../voxels';
import type { Overlap } from './overlap';
import { MINE, type Source } from './sources';

/** `difference`: added solid, removed hatched. `overlay`: both outlines. `beside`: one plane twice, side by side. */
export type How = ComparisonView;

export interface Comparison {
  /** Drawn as the mask. Anything but the own mask can only be looked at. */
  readonly shown: Source;
  /** What it is held against; null: it is only looked at. */
  readonly base: Source | null;
  readonly how: How;
  /** How it was drawn before it was put side by side; null: leaving that ends the comparison. */
  readonly before: How | null;
  /** Who asked: ending it there ends it. */
  readonly by: 'compare' | 'history';
}

export type Progress =
  | { readonly kind: 'idle' }
  | { readonly kind: 'fetching' }
  | { readonly kind: 'counting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly sentence: string };

interface CompareState {
  readonly comparison: Comparison | null;
  readonly progress: Progress;
  /** How far base and shown agree; null until counted, or without a base. */
  readonly rows: readonly Overlap[] | null;
  /** A voxel where this structure differs most; null where it does not. */
  readonly place: (layer: number, value: number) => Ijk | null;
  /** Takes a structure over from the proposal that is compared with; null: there is none, or nothing can be drawn. */
  readonly take: ((layer: number, value: number) => void) | null;
  /** The plane that stands side by side; null: the main one of the layout. */
  readonly plane: Plane | null;
  /** What was compared with last in this case. */
  readonly lastBase: Source | null;
  readonly start: (comparison: Omit<Comparison, 'before'>) => void;
  readonly change: (change: Partial<Pick<Comparison, 'shown' | 'base' | 'how'>>) => void;
  readonly toggleBeside: (usual: Source) => void;
  readonly stop: () => void;
  /** The case is closed. */
  readonly forget: () => void;
  readonly tell: (
    change: Partial<Pick<CompareState, 'progress' | 'rows' | 'place' | 'plane' | 'take'>>,
  ) => void;
}

const IDLE: Progress = { kind: 'idle' };
const NOWHERE = () => null;
const NOTHING = {
  comparison: null,
  progress: IDLE,
  rows: null,
  place: NOWHERE,
  plane: null,
  take: null,
} as const;

export const useCompareStore = create<CompareState>((set, get) => ({
  ...NOTHING,
  lastBase: null,
  start: (asked) => {
    const started = { ...asked, before: null };
    // Who has two masks side by side wants the next one there as well.
    const stays = asked.base !== null && isBeside(get().comparison);
    set({ comparison: stays ? drawn(started, 'beside') : started });
  },
  change: ({ how, ...sources }) => {
    const { comparison } = get();
    if (comparison !== null) {
      const changed = { ...comparison, ...sources };
      set({ comparison: how === undefined ? changed : drawn(changed, how) });
    }
  },
  toggleBeside: (usual) => {
    const { comparison, lastBase, stop } = get();
    const toggled = toggledBeside(comparison, lastBase ?? usual);
    if (toggled === null) stop();
    else set({ comparison: toggled });
  },
  stop: () => set({ ...NOTHING, lastBase: get().comparison?.base ?? get().lastBase }),
  forget: () => set({ ...NOTHING, lastBase: null }),
  tell: (change) => set(change),
}));

/** Nothing can be drawn while the own mask is not what is seen. */
export function isReadOnly(comparison: Comparison | null): boolean {
  return comparison !== null && comparison.shown.kind !== MINE.kind;
}

/** Two masks side by side; there must be two. */
export function isBeside(comparison: Comparison | null): boolean {
  return comparison !== null && comparison.how === 'beside' && comparison.base !== null;
}

/** Side by side, or back to what was before. `other` stands on the right where nothing else was chosen. */
export function toggledBeside(comparison: Comparison | null, other: Source): Comparison | null {
  if (comparison === null) {
    return { shown: MINE, base: other, how: 'beside', before: null, by: 'compare' };
  }
  const { shown, base, before } = comparison;
  if (isBeside(comparison)) {
    return before === null ? null : drawn(comparison, before);
  }
  // A revision that is only looked at comes to the right of the mask of now.
  const both = base === null ? { shown: MINE, base: shown, how: 'difference' as const } : {};
  return drawn({ ...comparison, ...both }, 'beside');
}

function drawn(comparison: Comparison, how: How): Comparison {
  const isNew = how === 'beside' && comparison.how !== 'beside';
  return { ...comparison, how, before: how !== 'beside' ? null : isNew ? comparison.how : comparison.before };
}
