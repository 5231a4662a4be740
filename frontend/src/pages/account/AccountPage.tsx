import { Button, PasswordInput, TextInput } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import { type Me, useChangePassword, useRename } from '../../api';
import { Header } from '../shell/Header';
import { Notice } from '../shell/Notice';
import classes from './Account.module.css';
import { SecondFactors } from './SecondFactors';
import { Sessions } from './Sessions';
import { SingleSignOn } from './SingleSignOn';
import { Tokens } from './Tokens';

const route = getRouteApi('/signedIn/account');

/** What is one's own, whatever project one works in. */
export function AccountPage() {
  const { me } = route.useRouteContext();
  return (
    <div className={classes.page}>
      <Header me={me} project={me.projects[0] ?? null} page="worklist" />
      <main className={classes.main}>
        <h1 className={classes.title}>Your account</h1>
        {me.must_set_up_second_factor && (
          <Notice tone="needsYou">
            This installation asks you for a second factor. Set one up below; then everything else opens.
          </Notice>
        )}
        <div className={classes.cards}>
          <NameCard me={me} />
          <PasswordCard />
          <KeysCard me={me} />
        </div>
        <SecondFactors />
        {!me.must_set_up_second_factor && (
          <>
            <SingleSignOn />
            <Sessions />
            <Tokens />
          </>
        )}
      </main>
    </div>
  );
}

function NameCard({ me }: { readonly me: Me }) {
  const rename = useRename();
  const shown = me.name === me.username ? '' : me.name;
  const [given, setGiven] = useState<string | null>(null);
  const name = given ?? shown;
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    rename.mutate(name, { onSuccess: () => setGiven(null) });
  };
  return (
    <form className={classes.card} onSubmit={send} aria-label="Name">
      <h2 className={classes.subtitle}>Name</h2>
      <TextInput
        label="As others see it"
        description={`You sign in as ${me.username}; that stays.`}
        placeholder={me.username}
        autoComplete="name"
        maxLength={150}
        value={name}
        onChange={(event) => setGiven(event.currentTarget.value)}
      />
      {rename.error !== null && <Notice tone="failed">{rename.error.message}</Notice>}
      <div className={classes.send}>
        <Button type="submit" loading={rename.isPending} disabled={name.trim() === shown}>
          Save
        </Button>
        <span role="status">{rename.isSuccess && given === null && 'Saved.'}</span>
      </div>
    </form>
  );
}

function PasswordCard() {
  const change = useChangePassword();
  const [current, setCurrent] = useState('');
  const [wanted, setWanted] = useState('');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const done = (): void => {
      setCurrent('');
      setWanted('');
    };
    change.mutate({ current_password: current, new_password: wanted }, { onSuccess: done });
  };
  return (
    <form className={classes.card} onSubmit={send} aria-label="Password">
      <h2 className={classes.subtitle}>Password</h2>
      <PasswordInput
        label="Password now"
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password"
        description="At least 10 characters; not a common one, and not like your name."
        autoComplete="new-password"
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      <div className={classes.send}>
        <Button type="submit" loading={change.isPending} disabled={current === '' || wanted === ''}>
          Change it
        </Button>
        <span role="status">
          {change.isSuccess && wanted === '' && 'Changed. Other browsers are signed out; tokens stay valid.'}
        </span>
      </div>
    </form>
  );
}

function KeysCard({ me }: { readonly me: Me }) {
  return (
    <section className={classes.card} aria-label="Keys">
      <h2 className={classes.subtitle}>Keys</h2>
      <p className={classes.quiet}>
        Every action has a key, and every key can be your own. Open a case, press ? and choose “Choose your
        own”: it is kept here, whatever computer you work at.
      </p>
      {me.projects.length > 0 && (
        <div className={classes.send}>
          <Button variant="default" renderRoot={(props) => <Link to="/worklist" {...props} />}>
            To my worklist
          </Button>
        </div>
      )}
    </section>
  );
}
