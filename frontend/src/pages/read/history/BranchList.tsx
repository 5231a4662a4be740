import { Button, Group } from '@mantine/core';
import type { Branch } from '../../../api';
import { strokes, when } from '../../words';
import { useCompareStore } from '../compare/compareStore';
import { MINE } from '../compare/sources';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import classes from './HistoryPanel.module.css';
import { useApplyBranch } from './useRestore';

interface BranchListProps {
  readonly opened: OpenedCase;
  readonly onReopen: () => void;
}

/** Strokes that came too late for the mask: each can be looked at, compared and put on top. */
export function BranchList({ opened, onReopen }: BranchListProps) {
  const branches = opened.assignment.branches.filter(({ applied }) => !applied);
  const { apply, isPending, problem } = useApplyBranch(opened, onReopen);
  if (branches.length === 0) {
    return null;
  }
  return (
    <section className={classes.branches} aria-label="Branches">
      <h3>Branches</h3>
      {branches.map((branch) => (
        <div key={branch.mask} className={classes.branch}>
          <p>{branchWords(branch)}</p>
          <Group gap="xs">
            <Button size="compact-xs" variant="default" onClick={() => look(branch)}>
              Compare
            </Button>
            {opened.assignment.editable && (
              <Button size="compact-xs" loading={isPending} onClick={() => apply(branch.mask)}>
                Put on top
              </Button>
            )}
          </Group>
        </div>
      ))}
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

function branchWords({ at, strokes: count, base_revision }: Branch): string {
  return `${strokes(count)} of ${when(at)}, drawn on revision ${base_revision}.`;
}

function look({ mask, head, at }: Branch): void {
  useCompareStore.getState().start({
    shown: { kind: 'branch', mask, number: head, at },
    base: MINE,
    how: 'difference',
    by: 'compare',
  });
  useRead.getState().set({ tab: 'compare' });
}
