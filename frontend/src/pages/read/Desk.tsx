import { useCallback, useEffect } from 'react';
import type { Assignment } from '../../api';
import type { Stroke } from '../../viewer';
import { AdjudicateBar } from './adjudicate/AdjudicateBar';
import { type Finish, useFinish } from './adjudicate/useAdjudication';
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
import { acceptActive, finishReview, returnActive } from './review/judging';
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
  const { role } = assignment;
  const changes = useChanges(opened);
  const judge = useJudge(opened);
  const finish = useFinish(opened);
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
          footer={has('side') && <Footer assignment={assignment} judge={judge} finish={finish} />}
        />
      </div>
      <StatusBar assignment={assignment} queue={opened.queue} />
      {has('overviews') && (
        <>
          <KeyOverview role={role} />
          <KeySettings />
          <CommandPalette role={role} />
        </>
      )}
      {/* From the start: keys that reach it must not come too early. */}
      <CaseAids opened={opened} username={username} />
    </div>
  );
}

interface FooterProps {
  readonly assignment: Assignment;
  readonly judge: Judge;
  readonly finish: Finish;
}

function Footer({ assignment, judge, finish }: FooterProps) {
  switch (assignment.role) {
    case 'review':
      return <VerdictBar assignment={assignment} judge={judge} />;
    case 'adjudicate':
      return <AdjudicateBar assignment={assignment} finish={finish} />;
    case 'annotate':
      return null;
  }
}

/** What is put up after the image, one after the other; its room, and what keys do, is there from the start. */
const STAGES = ['options', 'side', 'tools', 'view', 'overviews'] as const;

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
  const kept = branches.length > 0 ? ' What you drew is kept as a branch; see History.' : '';
  const gone = GONE[state];
  return gone === undefined ? ENDED[role] : gone + kept;
}

/** The read is not its reader's any more. */
const GONE: Readonly<Partial<Record<Assignment['state'], string>>> = {
  released: 'This case was given to somebody else, because nothing of yours had arrived for too long.',
  skipped: 'You skipped this case; it goes to somebody else.',
  withdrawn: 'This case was taken over; it goes to somebody else.',
};

const ENDED: Readonly<Record<Assignment['role'], string>> = {
  annotate: 'This read is handed in.',
  review: 'This review is finished.',
  adjudicate: 'This adjudication is finished.',
};

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
      accept: () => acceptActive(assignment),
      return: returnActive,
      finish: () => finishReview(assignment, () => give('accept', '')),
      pin: () => set({ panel: 'pin' }),
      complete: () => toggleCompleted(assignment, useRead.getState().active),
    };
    return lend({
      save,
      ...(role === 'review' ? { walkChanges: walk } : {}),
      ...(role === 'review' && editable && !isPending ? verdicts : {}),
      ...(role === 'annotate' && editable ? { submit: () => set({ panel: 'submit' }) } : {}),
    });
  });
}
