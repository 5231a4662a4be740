import { branchProposal } from '../../../api';
import { sent, useStep } from '../history/useRestore';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';

export interface KeepProposal {
  /** The mask of the proposal. */
  readonly keep: (mask: string) => void;
  readonly isPending: boolean;
  readonly problem: string | null;
}

/** The whole proposal becomes a branch of what is drawn, which the history then offers to put on top. */
export function useKeepProposal(opened: OpenedCase, onReopen: () => void): KeepProposal {
  const { run, isPending, problem } = useStep(opened, onReopen);
  const keep = async (mask: string): Promise<void> => {
    await sent(opened, ['saved']);
    await branchProposal(opened.assignment.id, mask);
    useRead.getState().set({ tab: 'history' });
  };
  return { keep: (mask) => void run(() => keep(mask)), isPending, problem };
}
