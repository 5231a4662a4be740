import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { fetchWorklist, useUnsubmit, type Worklist } from '../../api';

const TICK_MS = 250;
/** How soon it is seen that a reviewer has opened the read. */
const LOOK_MS = 4_000;

export type Submitted = Worklist['recent'][number];

export interface Undo {
  /** The newest read whose submit can be taken back. */
  readonly read: Submitted | null;
  /** Whole seconds, counted from the server's answer. */
  readonly left: number;
}

/** What can be taken back now. `watch` asks the server again; otherwise what is known already counts down. */
export function useUndo(project: number, watch: boolean): Undo {
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ['worklist', project],
    queryFn: () => fetchWorklist(project),
    enabled: watch,
    refetchInterval: ({ state }) => (newest(state.data) === null ? false : LOOK_MS),
  });
  const read = newest(data);
  const left = useLeft(read === null ? 0 : dataUpdatedAt + read.undo_seconds * 1000);
  return left > 0 ? { read, left } : { read: null, left: 0 };
}

function newest(worklist: Worklist | undefined): Submitted | null {
  return worklist?.recent.find(({ undo_seconds: seconds }) => seconds > 0) ?? null;
}

/** Whole seconds until a time of this computer's clock. */
export function useLeft(until: number): number {
  const [now, setNow] = useState(Date.now);
  const isOver = until <= now;
  useEffect(() => {
    if (isOver) {
      return undefined;
    }
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isOver]);
  // A clock that has not ticked yet is behind the answer.
  return Math.max(0, Math.ceil((until - Math.max(now, Date.now())) / 1000));
}

/** Takes the submit back and opens the read again. */
export function useTakeBack() {
  const unsubmit = useUnsubmit();
  const navigate = useNavigate();
  const run = async (assignment: number): Promise<void> => {
    await unsubmit.mutateAsync(assignment);
    await navigate({ to: '/annotate/$assignmentId', params: { assignmentId: String(assignment) } });
  };
  return {
    takeBack: (assignment: number) => void run(assignment).catch(() => undefined),
    isPending: unsubmit.isPending,
    problem: unsubmit.error?.message ?? null,
    forget: unsubmit.reset,
  };
}
