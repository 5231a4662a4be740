import { Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fetchAssignment, meQuery } from '../../../api';
import type { SaveState } from '../../../session';
import { SignInForm } from '../../signIn/SignInPage';
import { saveSentence, strokes } from '../../words';
import type { OpenedCase } from '../openCase';
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
    <section className={classes.notice} data-state={save.kind} aria-label="Not saved" role="alert">
      <Text fz="sm">{saveSentence(save)}</Text>
      {save.kind === 'offline' && (
        <Button size="compact-sm" variant="default" onClick={() => void opened.queue.retry()}>
          Try now
        </Button>
      )}
      {save.kind === 'signedOut' && <SignInAgain opened={opened} detail={save.detail} username={username} />}
      {save.kind === 'conflict' && <OnTop opened={opened} count={save.strokes} onReopen={onReopen} />}
      {save.kind === 'refused' && <Refused opened={opened} count={save.strokes} onReopen={onReopen} />}
    </section>
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
  const send = () => void opened.queue.retry().then(() => client.fetchQuery({ ...meQuery, staleTime: 0 }));
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

interface KeptProps {
  readonly opened: OpenedCase;
  readonly count: number;
  readonly onReopen: () => void;
}

function OnTop({ opened, count, onReopen }: KeptProps) {
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
      {problem !== null && <Text fz="sm">{problem}</Text>}
      <Group gap="xs">
        <Button size="compact-sm" onClick={() => void putOnTop()}>
          Put on top
        </Button>
        <Discard opened={opened} count={count} onReopen={onReopen} />
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
