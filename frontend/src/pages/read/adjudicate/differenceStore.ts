/** Where two reads differ, which of these are decided, and how. A decision is an edit like any other. */

import { create } from 'zustand';
import type { Component, Disagreement, Sides } from '../../../api';
import { decodeEdits, type EditTool, ijk } from '../../../voxels';
import { useRead } from '../readStore';

export type Side = 'a' | 'b' | 'majority';

const TOOLS: Readonly<Record<Side, EditTool>> = { a: 'take_a', b: 'take_b', majority: 'majority' };

interface DifferenceState {
  /** Of which adjudication. */
  readonly of: number;
  /** Null until it is there. */
  readonly found: Disagreement | null;
  readonly problem: string | null;
  readonly current: number;
  /** By the place in the list. */
  readonly decided: ReadonlyMap<number, Side | 'own'>;
  /** What differs within the tolerance, by structure. */
  readonly rest: ReadonlyMap<string, Side>;
  readonly begin: (of: number) => void;
  readonly give: (found: Disagreement) => void;
  readonly fail: (problem: string) => void;
  readonly show: (at: number) => void;
  readonly walk: (by: 1 | -1) => void;
  /** Takes a side for what is shown and goes on to the next that is open. */
  readonly take: (side: Side) => void;
  readonly takeRest: (structure: string, side: Side) => void;
  /** What is shown was drawn by the adjudicator. */
  readonly drawn: () => void;
}

const NOTHING = {
  found: null,
  problem: null,
  current: -1,
  decided: new Map<number, Side | 'own'>(),
  rest: new Map<string, Side>(),
};

export const useDifferences = create<DifferenceState>((set, get) => ({
  of: 0,
  ...NOTHING,

  begin: (of) => set({ ...NOTHING, of, ...remembered(of) }),
  give: (found) => set({ found }),
  fail: (problem) => set({ problem }),

  show: (at) => {
    const component = get().found?.components[at];
    if (component === undefined) return;
    set({ current: at });
    goTo(component);
  },

  walk: (by) => {
    const { found, current, show } = get();
    const count = found?.components.length ?? 0;
    if (count > 0) show(current < 0 && by < 0 ? count - 1 : (current + by + count) % count);
  },

  take: (side) => {
    const { found, current, decided, show } = get();
    const component = found?.components[current];
    if (component === undefined || !write(component, side)) return;
    set({ decided: new Map(decided).set(current, side) });
    remember(get());
    const next = nextOpen(found?.components.length ?? 0, get().decided, current);
    if (next !== null) show(next);
  },

  takeRest: (structure, side) => {
    const sides = get().found?.rest.find((one) => one.structure === structure);
    if (sides === undefined || !write(sides, side)) return;
    set({ rest: new Map(get().rest).set(structure, side) });
    remember(get());
  },

  drawn: () => {
    const { current, decided } = get();
    if (current < 0) return;
    set({ decided: new Map(decided).set(current, 'own') });
    remember(get());
  },
}));

/** The first place after this one, going round, that is not decided; null where all are. */
export function nextOpen(count: number, decided: ReadonlyMap<number, unknown>, after: number): number | null {
  for (let step = 1; step <= count; step++) {
    const at = (after + step) % count;
    if (!decided.has(at)) return at;
  }
  return null;
}

/** Puts the voxels of that side into the mask, as one step to undo. False where there is no such side. */
function write(sides: Sides, side: Side): boolean {
  const { port } = useRead.getState();
  const edits = sides[`take_${side}`];
  if (port === null || edits === null) return false;
  const target = { layer: sides.layer, value: sides.value };
  const record = port.engine.take(TOOLS[side], target, decodeEdits(bytesOf(edits)));
  // The mask may have been like that side already.
  if (record !== null) port.noteDone(record);
  return true;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function goTo({ centre_ijk: [i, j, k], layer, value }: Component): void {
  const { structures, activate, port } = useRead.getState();
  activate(structures.find((structure) => structure.layer === layer && structure.value === value));
  port?.goTo(ijk(i, j, k));
}

// What is decided is in the mask; which of it was a decision is remembered in this browser.

const keyOf = (of: number): string => `delineate/decided/${of}`;

interface Remembered {
  readonly decided: readonly (readonly [number, Side | 'own'])[];
  readonly rest: readonly (readonly [string, Side])[];
}

function remember({ of, decided, rest }: DifferenceState): void {
  const kept: Remembered = { decided: [...decided], rest: [...rest] };
  try {
    localStorage.setItem(keyOf(of), JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing: the ticks are gone after a reload, the mask is not.
  }
}

function remembered(of: number): Pick<DifferenceState, 'decided' | 'rest'> {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(of)) ?? '{}') as Partial<Remembered>;
    return { decided: new Map(kept.decided ?? []), rest: new Map(kept.rest ?? []) };
  } catch {
    return { decided: new Map(), rest: new Map() };
  }
}

export function forgetDecided(of: number): void {
  localStorage.removeItem(keyOf(of));
}
