import { Button, Table } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import Bowser from 'bowser';
import { type BrowserSession, useEndSessions, useSessions } from '../../api';
import { Notice } from '../shell/Notice';
import { when } from '../words';
import classes from './Account.module.css';

/** Where one is signed in, and the way out of all of it. */
export function Sessions() {
  const found = useSessions();
  const end = useEndSessions();
  const navigate = useNavigate();
  const sessions = found.data ?? [];
  const problem = found.error ?? end.error;
  return (
    <section className={classes.tokens} aria-label="Signed in">
      <h2 className={classes.subtitle}>Where you are signed in</h2>
      {problem !== null && <Notice tone="failed">{problem.message}</Notice>}
      {sessions.length > 0 && (
        <Table verticalSpacing={6} aria-label="Signed in">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Browser</Table.Th>
              <Table.Th>Address</Table.Th>
              <Table.Th>Since</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sessions.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                isPending={end.isPending}
                onEnd={() => end.mutate([session.id])}
              />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <div className={classes.send}>
        <Button
          variant="default"
          loading={end.isPending}
          disabled={sessions.length === 0}
          onClick={() =>
            end.mutate(
              sessions.map(({ id }) => id),
              { onSuccess: () => void navigate({ to: '/sign-in' }) },
            )
          }
        >
          Sign out everywhere
        </Button>
        <span>Here as well. Tokens of programs stay valid: revoke them below.</span>
      </div>
    </section>
  );
}

interface SessionRowProps {
  readonly session: BrowserSession;
  readonly isPending: boolean;
  readonly onEnd: () => void;
}

function SessionRow({ session, isPending, onEnd }: SessionRowProps) {
  return (
    <Table.Tr>
      <Table.Td className={classes.agent} title={session.user_agent}>
        {browserOf(session.user_agent)}
      </Table.Td>
      <Table.Td>{session.ip}</Table.Td>
      <Table.Td c="dimmed">{when(new Date(session.created_at * 1000).toISOString())}</Table.Td>
      <Table.Td ta="right">
        {session.is_current ? (
          'this one'
        ) : (
          <Button size="compact-xs" variant="default" loading={isPending} onClick={onEnd}>
            Sign out
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** "Firefox 144 on Linux"; what is no browser is named as it named itself. */
function browserOf(userAgent: string): string {
  const { browser, os } = Bowser.parse(userAgent);
  const version = browser.version?.split('.')[0] ?? '';
  return browser.name && os.name ? `${browser.name} ${version} on ${os.name}` : userAgent || 'not known';
}
