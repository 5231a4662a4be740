/** Which structures that the reader left out the reviewer has completed; each tick goes to the server at once. */

import { create } from 'zustand';
import { type Assignment, type Structure, saveCompleted } from '../../../api';

interface CompletedState {
  readonly assignment: number;
  /** Keys, as they are ticked. */
  readonly keys: ReadonlySet<string>;
  /** Keys, as the server has acknowledged them. */
  readonly kept: ReadonlySet<string>;
  readonly problem: string | null;
  readonly open: (assignment: Pick<Assignment, 'id' | 'completed'>) => void;
  readonly toggle: (key: string) => void;
  /** When what was ticked has got there: null; or was taken back: why, as a sentence that is told once. */
  readonly settled: () => Promise<string | null>;
}

/** One request at a time; never rejects. */
let sending: Promise<void> = Promise.resolve();

export const useCompleted = create<CompletedState>((set, get) => ({
  assignment: 0,
  keys: new Set(),
  kept: new Set(),
  problem: null,

  open: ({ id, completed }) =>
    set({ assignment: id, keys: new Set(completed), kept: new Set(completed), problem: null }),

  toggle: (key) => {
    const keys = new Set(get().keys);
    if (!keys.delete(key)) {
      keys.add(key);
    }
    set({ keys, problem: null });
    const { assignment } = get();
    sending = sending.then(() => send(assignment));
  },

  settled: async () => {
    await sending;
    const { problem } = get();
    set({ problem: null });
    return problem;
  },
}));

/** Ticks the structure, or takes the tick away, where the reader left it out. */
export function toggleCompleted(assignment: Assignment, structure: Structure | null): void {
  if (structure !== null && assignment.not_looked_at.includes(structure.key)) {
    useCompleted.getState().toggle(structure.key);
  }
}

async function send(assignment: number): Promise<void> {
  const now = (): CompletedState => useCompleted.getState();
  if (now().assignment !== assignment) {
    return;
  }
  const { keys } = now();
  try {
    const kept = new Set(await saveCompleted(assignment, [...keys]));
    if (now().assignment === assignment) useCompleted.setState({ kept });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    if (now().assignment === assignment) {
      useCompleted.setState({ keys: now().kept, problem: `Not marked. ${words}` });
    }
  }
}
