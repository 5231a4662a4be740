/** What the reviewer thinks of single structures; each word goes to the server at once. */

import { create } from 'zustand';
import { type Acceptability, type Assignment, type Judged, type Structure, saveJudged } from '../../../api';

interface JudgedState {
  readonly assignment: number;
  /** By key, as it is said. */
  readonly judged: ReadonlyMap<string, Judged>;
  /** As the server has acknowledged it. */
  readonly kept: ReadonlyMap<string, Judged>;
  readonly problem: string | null;
  readonly open: (assignment: Pick<Assignment, 'id' | 'judged'>) => void;
  /** Null takes the word back. */
  readonly say: (key: string, verdict: Judged['verdict'] | null) => void;
  /** A structure that is rated and has no verdict is accepted from 3 on, and goes back below. */
  readonly rate: (key: string, acceptability: Acceptability | null) => void;
  /** When what was said has got there: null; or was taken back: why, as a sentence that is told once. */
  readonly settled: () => Promise<string | null>;
}

const LEAST_ACCEPTED = 3;

/** One request at a time; never rejects. */
let sending: Promise<void> = Promise.resolve();

export const useJudged = create<JudgedState>((set, get) => {
  const become = (change: (judged: Map<string, Judged>) => void): void => {
    const judged = new Map(get().judged);
    change(judged);
    set({ judged, problem: null });
    const { assignment } = get();
    sending = sending.then(() => send(assignment));
  };
  return {
    assignment: 0,
    judged: new Map(),
    kept: new Map(),
    problem: null,

    open: ({ id, judged }) => {
      const said = new Map(judged.map((one) => [one.structure, asSaid(one)]));
      set({ assignment: id, judged: said, kept: said, problem: null });
    },

    say: (structure, verdict) =>
      become((judged) => {
        const acceptability = judged.get(structure)?.acceptability ?? null;
        if (verdict === null) judged.delete(structure);
        else judged.set(structure, { structure, verdict, acceptability });
      }),

    rate: (structure, acceptability) =>
      become((judged) => {
        const implied = (acceptability ?? LEAST_ACCEPTED) < LEAST_ACCEPTED ? 'return' : 'accept';
        const verdict = judged.get(structure)?.verdict ?? implied;
        judged.set(structure, { structure, verdict, acceptability });
      }),

    settled: async () => {
      await sending;
      const { problem } = get();
      set({ problem: null });
      return problem;
    },
  };
});

/** Of a review that has ended, a fix was an accept. */
function asSaid({ structure, verdict, acceptability }: Assignment['judged'][number]): Judged {
  return {
    structure,
    verdict: verdict === 'return' ? 'return' : 'accept',
    acceptability: acceptability as Acceptability | null,
  };
}

/** The structures that are to be judged: what the read is about and its reader has looked at. */
export function toJudge({ structures, asked, not_looked_at }: Assignment): readonly Structure[] {
  return structures.filter(({ key }) => asked.includes(key) && !not_looked_at.includes(key));
}

export interface Tally {
  readonly all: number;
  readonly left: readonly Structure[];
  readonly returned: readonly Structure[];
}

export function tallyOf(assignment: Assignment, judged: ReadonlyMap<string, Judged>): Tally {
  const structures = toJudge(assignment);
  return {
    all: structures.length,
    left: structures.filter(({ key }) => !judged.has(key)),
    returned: structures.filter(({ key }) => judged.get(key)?.verdict === 'return'),
  };
}

/** The structure after this one, in the order of the list, that has no verdict yet; null where none is left. */
export function nextToJudge(
  structures: readonly Structure[],
  judged: ReadonlyMap<string, Judged>,
  after: string | null,
): Structure | null {
  const at = structures.findIndex(({ key }) => key === after);
  const inTurn = [...structures.slice(at + 1), ...structures.slice(0, at + 1)];
  return inTurn.find(({ key }) => !judged.has(key)) ?? null;
}

async function send(assignment: number): Promise<void> {
  const now = (): JudgedState => useJudged.getState();
  const { judged } = now();
  if (now().assignment !== assignment || judged === now().kept) {
    return;
  }
  try {
    await saveJudged(assignment, [...judged.values()]);
    if (now().assignment === assignment) useJudged.setState({ kept: judged });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    if (now().assignment === assignment) {
      useJudged.setState({ judged: now().kept, problem: `Not noted. ${words}` });
    }
  }
}
