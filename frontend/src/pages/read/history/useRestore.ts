import { useState } from 'react';
import { restoreRevision } from '../../../api';
import { newKey } from '../../../session';
import { saveSentence } from '../../words';
import { useCompareStore } from '../compare/compareStore';
import type { OpenedCase } from '../openCase';

export interface Restore {
  readonly restore: (revision: number) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

/** What was drawn is saved first, so that the revision in force before the restore stays in the history. */
export function useRestore({ assignment, queue, session }: OpenedCase, onReopen: () => void): Restore {
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (revision: number): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const saved = await queue.flush();
      if (saved.kind !== 'saved') {
        setProblem(`Not restored. ${saveSentence(saved)}`);
        return;
      }
      await restoreRevision(assignment.id, revision, { base_revision: queue.head, key: newKey(), session });
      useCompareStore.getState().stop();
      onReopen();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { restore: (revision) => void run(revision), isPending, problem };
}
