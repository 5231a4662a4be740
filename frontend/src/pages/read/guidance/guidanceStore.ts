/** Where the reader is on the walk through the suspicious regions, and how the heat map is shown. */

import { create } from 'zustand';
import type { SuspiciousRegion } from '../../../api';
import { useRead } from '../readStore';
import type { DoneMarks } from './doneMarks';
import { centreOf, NOWHERE, nextRegion } from './regions';

/** Kept from case to case within a sitting. */
interface HeatHabit {
  readonly isHeatShown: boolean;
  /** 0 to 1. */
  readonly heatOpacity: number;
}

interface OfOneCase {
  /** Null until they are there. */
  readonly regions: readonly SuspiciousRegion[] | null;
  /** Why there are none, or what went wrong. */
  readonly sentence: string;
  readonly current: number;
  readonly done: ReadonlySet<number>;
  readonly hasHeat: boolean;
  readonly marks: DoneMarks | null;
}

interface Actions {
  readonly begin: (marks: DoneMarks | null) => void;
  readonly give: (regions: readonly SuspiciousRegion[], sentence: string) => void;
  readonly fail: (sentence: string) => void;
  readonly walk: (by: 1 | -1) => void;
  readonly show: (at: number) => void;
  readonly toggleDone: (at: number) => void;
  readonly setHeat: (change: Partial<HeatHabit & Pick<OfOneCase, 'hasHeat'>>) => void;
}

export type GuidanceState = HeatHabit & OfOneCase & Actions;

const NOTHING: OfOneCase = {
  regions: null,
  sentence: '',
  current: NOWHERE,
  done: new Set(),
  hasHeat: false,
  marks: null,
};

export const useGuidanceStore = create<GuidanceState>((set, get) => ({
  isHeatShown: false,
  heatOpacity: 0.5,
  ...NOTHING,

  begin: (marks) => set({ ...NOTHING, marks, done: marks?.read() ?? new Set() }),
  give: (regions, sentence) => set({ regions, sentence }),
  fail: (sentence) => set({ regions: [], sentence }),

  walk: (by) => {
    const { regions, done, current, show } = get();
    show(nextRegion(regions?.length ?? 0, done, current, by));
  },

  show: (at) => {
    const { regions, done, marks } = get();
    const region = regions?.[at];
    if (region === undefined) {
      return;
    }
    goTo(region);
    const visited = new Set(done).add(at);
    marks?.write(visited);
    set({ current: at, done: visited });
  },

  toggleDone: (at) => {
    const { done: before, marks } = get();
    const done = new Set(before);
    if (!done.delete(at)) {
      done.add(at);
    }
    marks?.write(done);
    set({ done });
  },

  setHeat: (change) => set(change),
}));

/** All planes to the middle of the region, its structure under the tools. */
function goTo(region: SuspiciousRegion): void {
  const { structures, activate, port } = useRead.getState();
  activate(structures.find(({ layer, value }) => layer === region.layer && value === region.structure));
  const centre = centreOf(region);
  if (centre !== null) {
    port?.goTo(centre);
  }
}
