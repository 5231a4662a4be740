import { Button, PasswordInput, Stack, Tabs, Text, TextInput, Title } from '@mantine/core';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import {
  ApiError,
  type Joined,
  type OfferedInvitation,
  useAcceptInvitation,
  useMe,
  useOfferedInvitation,
  useSignOut,
  useSignUp,
} from '../../api';
import { LEVELS, ROLE_NOTES, ROLES } from '../project/team/teamWords';
import { Notice } from '../shell/Notice';
import { Message } from '../shell/RootLayout';
import { SignInForm } from '../signIn/SignInPage';
import { when } from '../words';
import classes from './Invitation.module.css';

/** The page of a link: what it offers, and the way in for who is signed in, has an account, or has none. */
export function InvitationPage() {
  const token = useRouterState({ select: ({ location }) => location.hash });
  const offered = useOfferedInvitation(token);
  if (token === '') {
    return <Broken text="The link is not complete. Copy all of it from where it was sent to you." />;
  }
  if (offered.error !== null) {
    return offered.error instanceof ApiError && offered.error.status < 500 ? (
      <Broken text={offered.error.message} />
    ) : (
      <Message title="The invitation could not be read" text={offered.error.message}>
        <Button onClick={() => void offered.refetch()}>Try again</Button>
      </Message>
    );
  }
  return (
    <main className={classes.page}>
      {offered.data !== undefined && <Offer token={token} offered={offered.data} />}
    </main>
  );
}

function Broken({ text }: { readonly text: string }) {
  const navigate = useNavigate();
  return (
    <Message title="This link lets nobody in" text={text}>
      <Button variant="default" onClick={() => void navigate({ to: '/' })}>
        Go to my start page
      </Button>
    </Message>
  );
}

interface OfferProps {
  readonly token: string;
  readonly offered: OfferedInvitation;
}

function Offer({ token, offered }: OfferProps) {
  const me = useMe();
  const navigate = useNavigate();
  const enter = ({ project }: Joined): void => void navigate({ to: '/worklist', search: { project } });
  return (
    <div className={classes.card}>
      <Text fz="sm" c="dimmed">
        {offered.invited_by} invites you to
      </Text>
      <Title order={1} fz={22} mb={4}>
        {offered.project}
      </Title>
      <Text fz="sm" mb={16}>
        as {ROLES[offered.role].toLowerCase()} ({LEVELS[offered.level].toLowerCase()}), who{' '}
        {ROLE_NOTES[offered.role]}.{' '}
        <span className={classes.quiet}>Valid until {when(offered.expires_at)}.</span>
      </Text>
      {me.data === undefined ? (
        <div className={classes.waiting} />
      ) : me.data === null ? (
        <WaysIn token={token} onJoined={enter} />
      ) : (
        <Accept token={token} name={me.data.username} onJoined={enter} />
      )}
    </div>
  );
}

interface WayProps {
  readonly token: string;
  readonly onJoined: (joined: Joined) => void;
}

function Accept({ token, name, onJoined }: WayProps & { readonly name: string }) {
  const accept = useAcceptInvitation();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const known = accept.error instanceof ApiError ? accept.error.extra.project : undefined;
  return (
    <Stack gap="sm">
      {accept.error !== null && <Notice tone="failed">{accept.error.message}</Notice>}
      {typeof known === 'number' ? (
        <Button onClick={() => void navigate({ to: '/worklist', search: { project: known } })}>
          Open the project
        </Button>
      ) : (
        <Button loading={accept.isPending} onClick={() => accept.mutate(token, { onSuccess: onJoined })}>
          Join as {name}
        </Button>
      )}
      <Button variant="subtle" color="gray" loading={signOut.isPending} onClick={() => signOut.mutate()}>
        I am not {name}
      </Button>
    </Stack>
  );
}

/** Signing in only shows the button to join: one sees first as whom. */
function WaysIn({ token, onJoined }: WayProps) {
  return (
    <Tabs defaultValue="new" keepMounted={false}>
      <Tabs.List grow mb="md">
        <Tabs.Tab value="new">I am new here</Tabs.Tab>
        <Tabs.Tab value="known">I have an account</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="new">
        <SignUpForm token={token} onJoined={onJoined} />
      </Tabs.Panel>
      <Tabs.Panel value="known">
        <SignInForm onSignedIn={() => undefined} />
      </Tabs.Panel>
    </Tabs>
  );
}

function SignUpForm({ token, onJoined }: WayProps) {
  const signUp = useSignUp();
  const [name, setName] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    signUp.mutate({ token, username: username.trim(), password, name: name.trim() }, { onSuccess: onJoined });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        <TextInput
          label="Your name"
          description="as your colleagues know you"
          autoComplete="name"
          maxLength={150}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="User name"
          description="to sign in with"
          autoComplete="username"
          required
          withAsterisk={false}
          maxLength={150}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          description="at least 10 characters; not a common one"
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {signUp.error !== null && <Notice tone="failed">{signUp.error.message}</Notice>}
        <Button type="submit" loading={signUp.isPending} mt={4}>
          Make an account and join
        </Button>
      </Stack>
    </form>
  );
}
