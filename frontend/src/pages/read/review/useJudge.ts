import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useVerdict } from '../../../api';
import { saveSentence } from '../../words';
import type { OpenedCase } from '../openCase';
import { useCompleted } from './completedStore';
import { useJudged } from './judgedStore';

export interface Judge {
  readonly give: (verdict: 'accept' | 'return', comment: string) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

/** A verdict waits until the fix is saved: it names the revision that it is about. */
export function useJudge({ assignment, queue, looked, measured }: OpenedCase): Judge {
  const verdict = useVerdict(assignment.id);
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const send = async (kind: 'accept' | 'return', comment: string): Promise<void> => {
    setProblem(null);
    setPending(true);
    try {
      const [saved, notMarked, notNoted] = await Promise.all([
        queue.flush(),
        useCompleted.getState().settled(),
        useJudged.getState().settled(),
        measured.flush(),
        looked.flush(),
      ]);
      if (saved.kind !== 'saved') {
        setProblem(`No verdict yet. ${saveSentence(saved)}`);
        return;
      }
      const lost = notMarked ?? notNoted;
      if (lost !== null) {
        setProblem(`No verdict yet. ${lost}`);
        return;
      }
      await verdict.mutateAsync({ verdict: kind, comment, revision: queue.head });
      await navigate({ to: '/worklist', search: { project: assignment.project.id } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setPending(false);
    }
  };
  return { give: (kind, comment) => void send(kind, comment), isPending, problem };
}
