import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { fetchDisagreement, useAdjudicate } from '../../../api';
import type { Stroke } from '../../../viewer';
import { saveSentence } from '../../words';
import { useCompareStore } from '../compare/compareStore';
import { MINE } from '../compare/sources';
import { lend } from '../keys/handlers';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { forgetDecided, useDifferences } from './differenceStore';

export interface Finish {
  readonly finish: (comment: string) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

/** Fetches where the two reads differ, draws B over what is decided, and lends the walk to the keys. */
export function useAdjudication({ assignment }: OpenedCase): void {
  const { id, role, editable } = assignment;
  const port = useRead((state) => state.port);
  useEffect(() => {
    if (role !== 'adjudicate') {
      return undefined;
    }
    let isGone = false;
    const { begin, give, fail } = useDifferences.getState();
    begin(id);
    useRead.getState().set({ tab: 'differences' });
    fetchDisagreement(id).then(
      (found) => isGone || give(found),
      (error: unknown) => isGone || fail(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isGone = true;
    };
  }, [id, role]);
  useEffect(() => {
    if (role === 'adjudicate' && port !== null) {
      useCompareStore
        .getState()
        .start({ shown: MINE, base: { kind: 'rival' }, how: 'difference', by: 'compare' });
    }
  }, [role, port]);
  useLent(role === 'adjudicate', editable);
  useOwn(role === 'adjudicate');
}

function useLent(isAdjudication: boolean, editable: boolean): void {
  useEffect(() => {
    if (!isAdjudication) {
      return undefined;
    }
    const { walk, take } = useDifferences.getState();
    const takes = {
      takeA: () => take('a'),
      takeB: () => take('b'),
      takeMajority: () => take('majority'),
    };
    return lend({ walkChanges: walk, ...(editable ? takes : {}) });
  }, [isAdjudication, editable]);
}

const TAKING: readonly Stroke['tool'][] = ['take_a', 'take_b', 'majority', 'undo', 'redo'];

/** Whoever draws in the difference that is shown has decided it. */
function useOwn(isAdjudication: boolean): void {
  const port = useRead((state) => state.port);
  useEffect(() => {
    if (!isAdjudication || port === null) {
      return undefined;
    }
    return port.onStroke(({ tool }) => {
      if (!TAKING.includes(tool)) useDifferences.getState().drawn();
    });
  }, [isAdjudication, port]);
}

/** The decision waits until everything is saved: it names the revision that it is about. */
export function useFinish({ assignment, queue, looked, measured }: OpenedCase): Finish {
  const adjudicate = useAdjudicate(assignment.id);
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const send = async (comment: string): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const [saved] = await Promise.all([queue.flush(), measured.flush(), looked.flush()]);
      if (saved.kind !== 'saved') {
        setProblem(`Not finished yet. ${saveSentence(saved)}`);
        return;
      }
      await adjudicate.mutateAsync({ revision: queue.head, comment });
      forgetDecided(assignment.id);
      await navigate({ to: '/worklist', search: { project: assignment.project.id } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { finish: (comment) => void send(comment), isPending, problem };
}
