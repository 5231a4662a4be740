/** What is shown against what. The masks themselves are fetched and drawn by `useCompare`. */

import { create } from 'zustand';
import type { Ijk } from '../../../voxels';
import type { Overlap } from './overlap';
import { MINE, type Source } from './sources';

/** `difference`: added solid, removed hatched. `overlay`: both outlines. */
export type How = 'difference' | 'overlay';

export interface Comparison {
  /** Drawn as the mask. Anything but the own mask can only be looked at. */
  readonly shown: Source;
  /** What it is held against; null: it is only looked at. */
  readonly base: Source | null;
  readonly how: How;
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
  readonly start: (comparison: Comparison) => void;
  readonly change: (change: Partial<Pick<Comparison, 'shown' | 'base' | 'how'>>) => void;
  readonly stop: () => void;
  readonly tell: (change: Partial<Pick<CompareState, 'progress' | 'rows' | 'place'>>) => void;
}

const IDLE: Progress = { kind: 'idle' };
const NOWHERE = () => null;

export const useCompareStore = create<CompareState>((set, get) => ({
  comparison: null,
  progress: IDLE,
  rows: null,
  place: NOWHERE,
  start: (comparison) => set({ comparison }),
  change: (change) => {
    const { comparison } = get();
    if (comparison !== null) {
      set({ comparison: { ...comparison, ...change } });
    }
  },
  stop: () => set({ comparison: null, progress: IDLE, rows: null, place: NOWHERE }),
  tell: (change) => set(change),
}));

/** Nothing can be drawn while the own mask is not what is seen. */
export function isReadOnly(comparison: Comparison | null): boolean {
  return comparison !== null && comparison.shown.kind !== MINE.kind;
}
