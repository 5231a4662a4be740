import { Button, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import { useSignIn } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './SignInPage.module.css';

const route = getRouteApi('/sign-in');

/** Pages of the server that are none of this application's. */
const NOT_OURS = /^\/(admin|api)\//;

export function SignInPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const enter = () =>
    next !== undefined && NOT_OURS.test(next)
      ? window.location.assign(next)
      : router.history.push(next ?? '/');
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <Title order={1} fz={22} mb={20}>
          Delineate
        </Title>
        <SignInForm onSignedIn={enter} />
      </div>
    </main>
  );
}

interface SignInFormProps {
  readonly onSignedIn: () => void;
  /** Known where somebody signs in again in the middle of work; the keys then stay with the work. */
  readonly username?: string;
}

export function SignInForm({ onSignedIn, username }: SignInFormProps) {
  const signIn = useSignIn();
  const [name, setName] = useState(username ?? '');
  const [password, setPassword] = useState('');
  const send = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    signIn.mutate({ username: name, password }, { onSuccess: onSignedIn });
  };
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        <TextInput
          label="User name"
          name="username"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus={username === undefined}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {signIn.error !== null && <Notice tone="failed">{signIn.error.message}</Notice>}
        <Button type="submit" loading={signIn.isPending} mt={4}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
