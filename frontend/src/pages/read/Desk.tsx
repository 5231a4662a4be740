import { useCallback, useEffect } from 'react';
import type { Assignment } from '../../api';
import type { Stroke } from '../../viewer';
import { CaseAids } from './CaseAids';
import { GuidanceLine } from './guidance/GuidancePanel';
import { CommandPalette } from './keys/CommandPalette';
import { lend } from './keys/handlers';
import { KeyOverview } from './keys/KeyOverview';
import { KeySettings } from './keys/KeySettings';
import { useKeys } from './keys/useKeys';
import { Planes } from './layout/Planes';
import { StatusBar } from './layout/StatusBar';
import { TopBar } from './layout/TopBar';
import type { OpenedCase } from './openCase';
import classes from './ReadPage.module.css';
import { useRead } from './readStore';
import { toggleCompleted } from './review/completedStore';
import { ReturnedStrip } from './review/ReturnedStrip';
import { type Changes, useChanges } from './review/useChanges';
import { type Judge, useJudge } from './review/useJudge';
import { VerdictBar } from './review/VerdictBar';
import { SidePanel } from './SidePanel';
import { SaveNotice } from './saving/SaveNotice';
import { sideTabs } from './sideTabs';
import { ToolColumn } from './tools/ToolColumn';
import { ToolOptions } from './tools/ToolOptions';
import { useLeaveGuard, useSaveState } from './useOpenCase';
import { useStages } from './useStages';

interface DeskProps {
  readonly opened: OpenedCase;
  readonly username: string;
  /** Closes the case and fetches it again. */
  readonly onReopen: () => void;
}

/** The page of one open case: the same for who draws and for who reviews, but for the right panel. */
export function Desk({ opened, username, onReopen }: DeskProps) {
  const { assignment, prediction } = opened;
  const isReview = assignment.role === 'review';
  const role = isReview ? 'review' : 'annotate';
  const changes = useChanges(opened);
  const judge = useJudge(opened);
  const keep = useKeep(opened, changes.note);
  useKeys(role);
  useLent(opened, changes, judge);
  const has = useStages(STAGES);
  return (
    <div className={classes.page}>
      <TopBar opened={opened} hasView={has('view')} />
      <ReturnedStrip assignment={assignment} />
      <div className={classes.body}>
        <ToolColumn
          isReady={has('tools')}
          editable={assignment.editable}
          hasPrediction={prediction !== null}
        />
        <Planes opened={opened} onStroke={keep} />
        <SidePanel
          notices={has('side') && <Notices opened={opened} username={username} onReopen={onReopen} />}
          tabs={has('side') ? sideTabs(opened, changes, onReopen) : []}
          tool={
            has('options') && (
              <>
                <ToolOptions />
                <GuidanceLine />
              </>
            )
          }
          footer={isReview && has('side') && <VerdictBar editable={assignment.editable} judge={judge} />}
        />
      </div>
      <StatusBar queue={opened.queue} />
      {has('aids') && (
        <>
          <KeyOverview role={role} />
          <KeySettings />
          <CommandPalette role={role} />
          <CaseAids opened={opened} username={username} />
        </>
      )}
    </div>
  );
}

/** What is put up after the image, one after the other; its room is there from the start. */
const STAGES = ['options', 'side', 'tools', 'view', 'aids'] as const;

/** On its own, because each stroke changes the state of saving. */
function Notices({ opened, username, onReopen }: DeskProps) {
  const { assignment, queue } = opened;
  const save = useSaveState(queue);
  useLeaveGuard(save);
  return (
    <>
      <SaveNotice
        opened={opened}
        save={save}
        isDurable={queue.durable}
        username={username}
        onReopen={onReopen}
      />
      {!assignment.editable && (
        <p className={classes.notice}>{whyLookOnly(assignment)} You can look, not draw.</p>
      )}
    </>
  );
}

function whyLookOnly({ state, role, branches }: Assignment): string {
  if (state === 'released') {
    const kept = branches.length > 0 ? ' What you drew is kept as a branch; see History.' : '';
    return `This case was given to somebody else, because nothing of yours had arrived for too long.${kept}`;
  }
  return role === 'review' ? 'This review is finished.' : 'This read is handed in.';
}

/** Every stroke goes to the save queue at mouse-up, then to whoever counts changes. */
function useKeep({ queue }: OpenedCase, note: (stroke: Stroke) => void): (stroke: Stroke) => void {
  return useCallback(
    (stroke: Stroke) => {
      queue.push(stroke);
      note(stroke);
    },
    [queue, note],
  );
}

/** What keys may do with the case as a whole. */
function useLent({ assignment, queue }: OpenedCase, { walk }: Changes, { give, isPending }: Judge): void {
  const { role, editable } = assignment;
  useEffect(() => {
    const { set } = useRead.getState();
    const save = (): void => void queue.flush();
    const verdicts = {
      accept: () => give('accept', ''),
      return: () => set({ panel: 'return' }),
      complete: () => toggleCompleted(assignment, useRead.getState().active),
    };
    return lend({
      save,
      ...(role === 'review' ? { walkChanges: walk } : {}),
      ...(role === 'review' && editable && !isPending ? verdicts : {}),
      ...(role !== 'review' && editable ? { submit: () => set({ panel: 'submit' }) } : {}),
    });
  });
}
