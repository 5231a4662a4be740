import type { SaveState } from '../../session';
import type { OpenedCase } from './openCase';
import { ReviewPanel } from './review/ReviewPanel';
import type { Changes } from './review/useChanges';
import type { Judge } from './review/useJudge';
import { VerdictBar } from './review/VerdictBar';
import classes from './SidePanel.module.css';
import { SaveNotice } from './saving/SaveNotice';
import { StructureList } from './structures/StructureList';
import { ToolOptions } from './tools/ToolOptions';

interface SidePanelProps {
  readonly opened: OpenedCase;
  readonly save: SaveState;
  readonly username: string;
  readonly changes: Changes;
  readonly judge: Judge;
  readonly onReopen: () => void;
}

export function SidePanel({ opened, save, username, changes, judge, onReopen }: SidePanelProps) {
  const { assignment, queue } = opened;
  const isReview = assignment.role === 'review';
  return (
    <aside className={classes.panel} aria-label="Case">
      <SaveNotice
        opened={opened}
        save={save}
        isDurable={queue.durable}
        username={username}
        onReopen={onReopen}
      />
      {!assignment.editable && (
        <p className={classes.notice}>
          {isReview
            ? 'This review is finished. You can look, not draw.'
            : 'This read is handed in. You can look, not draw.'}
        </p>
      )}
      {isReview && <ReviewPanel assignment={assignment} changes={changes} />}
      <StructureList />
      <ToolOptions />
      {isReview && <VerdictBar editable={assignment.editable} judge={judge} />}
    </aside>
  );
}
