import { Button, Table, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { renderSVG } from 'uqr';
import {
  type Authenticator,
  useAddKey,
  useAuthenticators,
  useConfirmApp,
  useNewApp,
  useNewRecoveryCodes,
  useRecoveryCodes,
  useRemoveApp,
  useRemoveKey,
} from '../../api';
import { CopyField } from '../shell/CopyField';
import { Notice } from '../shell/Notice';
import { when } from '../words';
import classes from './Account.module.css';
import { ConfirmPassword, problemOf } from './ConfirmPassword';

const NAMES: Readonly<Record<Authenticator['type'], string>> = {
  totp: 'Authenticator app',
  webauthn: 'Security key',
  recovery_codes: 'Recovery codes',
};

/** What is asked for after the password: an app with codes, security keys, and codes on paper for the day both are lost. */
export function SecondFactors() {
  const found = useAuthenticators();
  const factors = found.data ?? [];
  const hasApp = factors.some(({ type }) => type === 'totp');
  return (
    <section className={classes.tokens} aria-label="Second factors">
      <h2 className={classes.subtitle}>Second factors</h2>
      <p className={classes.quiet}>
        With one of these, a password that somebody found out is not enough to sign in as you.
      </p>
      {found.error !== null && (
        <Notice tone="failed">
          {found.error.message}{' '}
          <Button size="compact-xs" variant="default" onClick={() => void found.refetch()}>
            Try again
          </Button>
        </Notice>
      )}
      {found.data !== undefined && factors.length === 0 && <p className={classes.quiet}>You have none.</p>}
      {factors.length > 0 && <FactorTable factors={factors} />}
      {found.data !== undefined && (
        <div className={classes.cards}>
          {!hasApp && <NewApp />}
          <NewKey />
          {factors.length > 0 && <Codes />}
        </div>
      )}
    </section>
  );
}

function FactorTable({ factors }: { readonly factors: readonly Authenticator[] }) {
  return (
    <Table verticalSpacing={6} aria-label="Second factors">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Kind</Table.Th>
          <Table.Th>Name</Table.Th>
          <Table.Th>Set up</Table.Th>
          <Table.Th>Last used</Table.Th>
          <Table.Th />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {factors.map((factor) => (
          <FactorRow key={`${factor.type} ${factor.id ?? ''}`} factor={factor} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function FactorRow({ factor }: { readonly factor: Authenticator }) {
  const removeApp = useRemoveApp();
  const removeKey = useRemoveKey();
  const remove = factor.type === 'totp' ? removeApp : removeKey;
  const go = (): void =>
    factor.id === undefined ? removeApp.mutate(undefined) : removeKey.mutate(factor.id);
  const problem = problemOf(remove.error);
  return (
    <Table.Tr>
      <Table.Td>{NAMES[factor.type]}</Table.Td>
      <Table.Td>
        {factor.type === 'recovery_codes' ? `${factor.unused_code_count ?? 0} left` : (factor.name ?? '')}
        {problem !== null && <Notice tone="failed">{problem}</Notice>}
      </Table.Td>
      <Table.Td c="dimmed">{at(factor.created_at)}</Table.Td>
      <Table.Td c="dimmed">{factor.last_used_at === null ? 'never' : at(factor.last_used_at)}</Table.Td>
      <Table.Td ta="right">
        {factor.type !== 'recovery_codes' && (
          <Button size="compact-xs" variant="default" loading={remove.isPending} onClick={go}>
            Remove
          </Button>
        )}
        <ConfirmPassword error={remove.error} onConfirmed={go} onClose={remove.reset} />
      </Table.Td>
    </Table.Tr>
  );
}

const at = (seconds: number): string => when(new Date(seconds * 1000).toISOString());

function NewApp() {
  const begin = useNewApp();
  const confirm = useConfirmApp();
  const [code, setCode] = useState('');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    confirm.mutate(code.trim());
  };
  const problem = problemOf(begin.error) ?? problemOf(confirm.error);
  const asking = begin.error ?? confirm.error;
  return (
    <form className={classes.card} onSubmit={send} aria-label="Authenticator app">
      <h3 className={classes.subtitle}>Authenticator app</h3>
      {begin.data === undefined ? (
        <p className={classes.quiet}>
          An app on your phone that shows six digits, new ones every half minute.
        </p>
      ) : (
        <>
          <img
            className={classes.code}
            alt="Code for the app"
            src={`data:image/svg+xml;utf8,${encodeURIComponent(renderSVG(begin.data.totp_url))}`}
          />
          <CopyField label="Or type this into the app" value={begin.data.secret} />
          <TextInput
            label="Six digits that the app shows"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        </>
      )}
      {problem !== null && <Notice tone="failed">{problem}</Notice>}
      <div className={classes.send}>
        {begin.data === undefined ? (
          <Button loading={begin.isPending} onClick={() => begin.mutate()}>
            Set up an app
          </Button>
        ) : (
          <Button type="submit" loading={confirm.isPending} disabled={code.trim() === ''}>
            Turn it on
          </Button>
        )}
      </div>
      <ConfirmPassword
        error={asking}
        onConfirmed={() => (begin.data === undefined ? begin.mutate() : confirm.mutate(code.trim()))}
        onClose={() => {
          begin.reset();
          confirm.reset();
        }}
      />
    </form>
  );
}

function NewKey() {
  const add = useAddKey();
  const [name, setName] = useState('');
  const isPossible = typeof PublicKeyCredential !== 'undefined';
  const send = (event?: SubmitEvent<HTMLFormElement>): void => {
    event?.preventDefault();
    add.mutate(name.trim(), { onSuccess: () => setName('') });
  };
  const problem = problemOf(add.error);
  return (
    <form className={classes.card} onSubmit={send} aria-label="Security key">
      <h3 className={classes.subtitle}>Security key</h3>
      <p className={classes.quiet}>
        {isPossible
          ? 'A key that you plug in or touch, or what this computer has built in.'
          : 'This browser offers none here: security keys need HTTPS.'}
      </p>
      <TextInput
        label="Name"
        placeholder="Key at my desk"
        maxLength={100}
        disabled={!isPossible}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {problem !== null && <Notice tone="failed">{problem}</Notice>}
      <div className={classes.send}>
        <Button type="submit" loading={add.isPending} disabled={!isPossible || name.trim() === ''}>
          Add this key
        </Button>
      </div>
      <ConfirmPassword error={add.error} onConfirmed={send} onClose={add.reset} />
    </form>
  );
}

function Codes() {
  const show = useRecoveryCodes();
  const renew = useNewRecoveryCodes();
  const codes = renew.data ?? show.data;
  const asking = renew.error ?? show.error;
  const problem = problemOf(asking);
  return (
    <section className={classes.card} aria-label="Recovery codes">
      <h3 className={classes.subtitle}>Recovery codes</h3>
      <p className={classes.quiet}>
        Each signs you in once when app and key are lost. Print them, and keep them where no computer is.
      </p>
      {codes !== undefined && <pre className={classes.codes}>{codes.join('\n')}</pre>}
      {problem !== null && <Notice tone="failed">{problem}</Notice>}
      <div className={classes.send}>
        <Button variant="default" loading={show.isPending} onClick={() => show.mutate()}>
          Show them
        </Button>
        <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate(undefined)}>
          Make new ones
        </Button>
      </div>
      <ConfirmPassword
        error={asking}
        onConfirmed={() => (renew.error === null ? show.mutate() : renew.mutate(undefined))}
        onClose={() => {
          show.reset();
          renew.reset();
        }}
      />
    </section>
  );
}
