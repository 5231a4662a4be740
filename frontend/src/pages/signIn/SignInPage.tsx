import { Button, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import { goToProvider, type SecondFactor, useProvider, useSignIn } from '../../api';
import { Notice } from '../shell/Notice';
import { SecondStep } from './SecondStep';
import classes from './SignInPage.module.css';

const route = getRouteApi('/sign-in');

/** Pages of the server that are none of this application's. */
const NOT_OURS = /^\/(admin|api)\//;

export function SignInPage() {
  const { next, error } = route.useSearch();
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
        {error !== undefined && <Notice tone="failed">{problemOf(error)}</Notice>}
        <SignInForm onSignedIn={enter} />
        <SingleSignOn next={next ?? '/'} />
      </div>
    </main>
  );
}

/** What came back from the hospital's sign-in instead of a person. */
function problemOf(error: string): string {
  return error === 'signup_closed'
    ? 'No account here is connected to this one. Sign in with your password first, then connect it on your account page.'
    : 'Single sign-on did not work. Try again, or use your password.';
}

/** Only where the installation has one. */
function SingleSignOn({ next }: { readonly next: string }) {
  const provider = useProvider();
  const [isGoing, setGoing] = useState(false);
  const one = provider.data;
  if (one === undefined || one === null) {
    return null;
  }
  const go = (): void => {
    setGoing(true);
    goToProvider(one.id, 'login', next).catch(() => setGoing(false));
  };
  return (
    <Button variant="default" fullWidth mt="md" loading={isGoing} onClick={go}>
      Sign in with {one.name}
    </Button>
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
  const [ways, setWays] = useState<readonly SecondFactor[]>([]);
  const send = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const goOn = (wanted: readonly SecondFactor[]): void =>
      wanted.length === 0 ? onSignedIn() : setWays(wanted);
    signIn.mutate({ username: name, password }, { onSuccess: goOn });
  };
  if (ways.length > 0) {
    return <SecondStep ways={ways} onSignedIn={onSignedIn} onBack={() => setWays([])} />;
  }
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
