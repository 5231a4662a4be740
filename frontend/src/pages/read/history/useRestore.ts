import { useState } from 'react';
import { applyBranch, fetchAssignment, restoreRevision, type StepMeta } from '../../../api';
import { newKey, type SaveState } from '../../../session';
import { saveSentence } from '../../words';
import { useCompareStore } from '../compare/compareStore';
import type { OpenedCase } from '../openCase';
import { keepPlace } from './place';

/** A step that makes a new revision on the server; the case is then opened again at it. */
export function useStep({ assignment }: OpenedCase, onReopen: () => void) {
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (step: () => Promise<unknown>): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      await step();
      keepPlace(assignment.id);
      useCompareStore.getState().stop();
      onReopen();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { run, isPending, problem };
}

/** What was drawn is sent first, so that it stays in the history. */
export async function sent({ queue }: OpenedCase, allowed: readonly SaveState['kind'][]): Promise<void> {
  const saved = await queue.flush();
  if (!allowed.includes(saved.kind)) {
    throw new Error(`Nothing was changed. ${saveSentence(saved)}`);
  }
}

function metaOf(base_revision: number, { session }: OpenedCase): StepMeta {
  return { base_revision, key: newKey(), session };
}

export interface Restore {
  readonly restore: (revision: number) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

export function useRestore(opened: OpenedCase, onReopen: () => void): Restore {
  const { run, isPending, problem } = useStep(opened, onReopen);
  const restore = async (revision: number): Promise<void> => {
    await sent(opened, ['saved']);
    const { assignment, queue } = opened;
    await restoreRevision(assignment.id, revision, metaOf(queue.head, opened));
  };
  return { restore: (revision) => void run(() => restore(revision)), isPending, problem };
}

export interface ApplyBranch {
  /** The mask of the branch. */
  readonly apply: (branch: string) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

/** On the newest revision of the server, which may be newer than the one that is open here. */
export function useApplyBranch(opened: OpenedCase, onReopen: () => void): ApplyBranch {
  const { run, isPending, problem } = useStep(opened, onReopen);
  const apply = async (branch: string): Promise<void> => {
    await sent(opened, ['saved', 'branched']);
    const newest = await fetchAssignment(opened.assignment.id);
    await applyBranch(branch, metaOf(newest.mask.head, opened));
  };
  return { apply: (branch) => void run(() => apply(branch)), isPending, problem };
}
