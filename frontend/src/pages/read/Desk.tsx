import { useCallback } from 'react';
import type { Stroke } from '../../viewer';
import { KeyOverview } from './keys/KeyOverview';
import { useKeys } from './keys/useKeys';
import { Planes } from './layout/Planes';
import { StatusBar } from './layout/StatusBar';
import { TopBar } from './layout/TopBar';
import type { OpenedCase } from './openCase';
import classes from './ReadPage.module.css';
import { ReturnedStrip } from './review/ReturnedStrip';
import { useChanges } from './review/useChanges';
import { useJudge } from './review/useJudge';
import { SidePanel } from './SidePanel';
import { ToolColumn } from './tools/ToolColumn';
import { useActiveSeconds, useLeaveGuard, useSaveState } from './useOpenCase';

interface DeskProps {
  readonly opened: OpenedCase;
  readonly username: string;
  /** Closes the case and fetches it again. */
  readonly onReopen: () => void;
}

/** The page of one open case: the same for who draws and for who reviews, but for the right panel. */
export function Desk({ opened, username, onReopen }: DeskProps) {
  const { assignment, prediction, queue } = opened;
  const isReview = assignment.role === 'review';
  const save = useSaveState(queue);
  const seconds = useActiveSeconds(opened);
  const changes = useChanges(opened);
  const judge = useJudge(opened);
  const keep = useKeep(opened, changes.note);
  useLeaveGuard(save);
  useKeys({
    isReview,
    canJudge: isReview && assignment.editable && !judge.isPending,
    canSubmit: assignment.editable,
    accept: () => judge.give('accept', ''),
    walkChanges: changes.walk,
  });
  const panel = { opened, save, username, changes, judge, onReopen };
  return (
    <div className={classes.page}>
      <TopBar opened={opened} save={save} seconds={seconds} />
      <ReturnedStrip assignment={assignment} />
      <div className={classes.body}>
        <ToolColumn editable={assignment.editable} isReview={isReview} hasPrediction={prediction !== null} />
        <Planes opened={opened} onStroke={keep} />
        <SidePanel {...panel} />
      </div>
      <StatusBar head={queue.head} save={save} />
      <KeyOverview isReview={isReview} />
    </div>
  );
}

/** Every stroke goes to the save queue at mouse-up, then to whoever counts changes. */
function useKeep({ queue }: OpenedCase, note: (stroke: Stroke) => void): (stroke: Stroke) => void {
  return useCallback(
    (stroke: Stroke) => {
      const { delta, tool, structure, layer, added, removed } = stroke;
      queue.push({ delta, event: { tool, structure, layer, added, removed } });
      note(stroke);
    },
    [queue, note],
  );
}
