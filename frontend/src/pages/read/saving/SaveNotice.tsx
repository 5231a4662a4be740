import { Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { fetchAssignment, meQuery } from '../../../api';
import type { SaveState } from '../../../session';
import { SignInForm } from '../../signIn/SignInPage';
import { saveSentence, strokes } from '../../words';
import { useCompareStore } from '../compare/compareStore';
import { MINE, type Source } from '../compare/sources';
import { keepPlace } from '../history/place';
import { useApplyBranch } from '../history/useRestore';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { LeaveQuestion } from './LeaveQuestion';
import classes from './SaveNotice.module.css';

interface SaveNoticeProps {
  readonly opened: OpenedCase;
  readonly save: SaveState;
  readonly isDurable: boolean;
  readonly username: string;
  readonly onReopen: () => void;
}

/** Only while something is wrong with saving: what happened, what was kept, what to do. */
export function SaveNotice({ opened, save, isDurable, username, onReopen }: SaveNoticeProps) {
  if (save.kind === 'saved' || save.kind === 'saving') {
    return isDurable ? null : <NotDurable />;
  }
  return (
    <>
      <LeaveQuestion save={save} isDurable={isDurable} />
      <section className={classes.notice} data-state={save.kind} aria-label="Not saved" role="alert">
        <Text fz="sm">{saveSentence(save)}</Text>
        {save.kind === 'branched' && (
          <Text fz="xs" c="dimmed">
            {save.detail}
          </Text>
        )}
        {save.kind === 'offline' && (
          <Button size="compact-sm" variant="default" onClick={() => void opened.queue.retry()}>
            Try now
          </Button>
        )}
        {save.kind === 'signedOut' && (
          <SignInAgain opened={opened} detail={save.detail} username={username} />
        )}
        {save.kind === 'branched' && <Branched opened={opened} branch={save.branch} onReopen={onReopen} />}
        {save.kind === 'conflict' && <OnTop opened={opened} save={save} onReopen={onReopen} />}
        {save.kind === 'refused' && <Refused opened={opened} count={save.strokes} onReopen={onReopen} />}
      </section>
    </>
  );
}

function NotDurable() {
  return (
    <section className={classes.notice} data-state="offline" role="alert">
      <Text fz="sm">
        This browser does not keep strokes on this computer (private window or full disk). They are sent at
        once; leave this tab open until the badge says “saved”.
      </Text>
    </section>
  );
}

interface SignInAgainProps {
  readonly opened: OpenedCase;
  readonly detail: string;
  readonly username: string;
}

function SignInAgain({ opened, detail, username }: SignInAgainProps) {
  const client = useQueryClient();
  const send = () => void opened.queue.resume().then(() => client.fetchQuery({ ...meQuery, staleTime: 0 }));
  return (
    <>
      <Text fz="xs" c="dimmed">
        {detail}
      </Text>
      <SignInForm username={username} onSignedIn={send} />
      <Button size="compact-sm" variant="subtle" color="gray" onClick={send}>
        I am signed in: try again
      </Button>
    </>
  );
}

interface BranchedProps {
  readonly opened: OpenedCase;
  /** The mask of the branch. */
  readonly branch: string;
  readonly onReopen: () => void;
}

/** The mask went on elsewhere; what is drawn here is a branch until its reader decides. */
function Branched({ opened, branch, onReopen }: BranchedProps) {
  const { apply, isPending, problem } = useApplyBranch(opened, onReopen);
  const mayApply = useMayDraw(opened.assignment.id);
  const [comparing, setComparing] = useState<string | null>(null);
  const open = (): void => {
    keepPlace(opened.assignment.id);
    onReopen();
  };
  const compare = (): void => {
    setComparing(null);
    compareWithNewest(opened).catch((error: Error) => setComparing(error.message));
  };
  return (
    <>
      {(problem ?? comparing) !== null && <Text fz="sm">{problem ?? comparing}</Text>}
      <Group gap="xs">
        {mayApply !== false && (
          <Button
            size="compact-sm"
            disabled={mayApply === undefined}
            loading={isPending}
            onClick={() => apply(branch)}
          >
            Put on top
          </Button>
        )}
        <Button size="compact-sm" variant="default" onClick={compare}>
          Compare
        </Button>
        <Button size="compact-sm" variant="default" onClick={open}>
          Open the newest
        </Button>
      </Group>
    </>
  );
}

/** Whether the read is its reader's still; undefined until it is known. A read that was taken over has no top. */
function useMayDraw(assignment: number): boolean | undefined {
  const [mayDraw, setMayDraw] = useState<boolean>();
  useEffect(() => {
    let isGone = false;
    fetchAssignment(assignment).then(
      ({ editable }) => !isGone && setMayDraw(editable),
      // Trying says what is wrong.
      () => !isGone && setMayDraw(true),
    );
    return () => {
      isGone = true;
    };
  }, [assignment]);
  return mayDraw;
}

/** What is drawn here against the newest revision of the server. */
async function compareWithNewest({ assignment }: OpenedCase): Promise<void> {
  const { mask } = await fetchAssignment(assignment.id);
  const base: Source = { kind: 'revision', mask: mask.id, number: mask.head };
  useCompareStore.getState().start({ shown: MINE, base, how: 'difference', by: 'compare' });
  useRead.getState().set({ tab: 'compare' });
}

interface KeptProps {
  readonly opened: OpenedCase;
  readonly count: number;
  readonly onReopen: () => void;
}

interface OnTopProps {
  readonly opened: OpenedCase;
  readonly save: Extract<SaveState, { kind: 'conflict' }>;
  readonly onReopen: () => void;
}

/** The server could not take the strokes as a branch either, or has not answered yet. */
function OnTop({ opened, save, onReopen }: OnTopProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const putOnTop = async (): Promise<void> => {
    setProblem(null);
    try {
      const newest = await fetchAssignment(opened.assignment.id);
      if ((await opened.queue.rebase(newest.mask.head)).kind === 'saved') {
        onReopen();
      }
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <Text fz="sm">{problem ?? save.detail}</Text>
      <Group gap="xs">
        <Button size="compact-sm" variant="default" onClick={() => void opened.queue.retry()}>
          Try again
        </Button>
        <Button size="compact-sm" onClick={() => void putOnTop()}>
          Put on top
        </Button>
        <Discard opened={opened} count={save.strokes} onReopen={onReopen} />
      </Group>
    </>
  );
}

function Refused({ opened, count, onReopen }: KeptProps) {
  return (
    <Group gap="xs">
      <Button size="compact-sm" variant="default" onClick={() => void opened.queue.retry()}>
        Try again
      </Button>
      <Discard opened={opened} count={count} onReopen={onReopen} />
    </Group>
  );
}

/** Loses work, so it asks in its own place before it does. */
function Discard({ opened, count, onReopen }: KeptProps) {
  const [isSure, setSure] = useState(false);
  const discard = (): void => {
    if (isSure) {
      void opened.queue.discard().then(onReopen);
    } else {
      setSure(true);
    }
  };
  return (
    <Button
      size="compact-sm"
      variant={isSure ? 'filled' : 'subtle'}
      color="red"
      c={isSure ? 'white' : 'var(--loss-text)'}
      onClick={discard}
    >
      {isSure ? `Yes, lose ${strokes(count)}` : 'Discard'}
    </Button>
  );
}
