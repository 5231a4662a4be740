import { Anchor, Button, NativeSelect, Table, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type ApiToken, useMakeToken, useRevokeToken, useTokens } from '../../api';
import { CopyField } from '../shell/CopyField';
import { Notice } from '../shell/Notice';
import { when } from '../words';
import classes from './Account.module.css';

const DAYS = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '366', label: 'a year' },
];

/** Keys for scripts and programs: each acts as its user and is shown once. */
export function Tokens() {
  const make = useMakeToken();
  return (
    <section className={classes.tokens} aria-label="Tokens">
      <h2 className={classes.subtitle}>Tokens for programs</h2>
      <p className={classes.quiet}>
        A program that sends <code>Authorization: Token dl_…</code> may do what you may. Give each program its
        own, and revoke it when it is no longer used. What the API can do is listed in the{' '}
        <Anchor href="/api/docs/" target="_blank" inherit underline="always">
          API docs
        </Anchor>
        .
      </p>
      <NewToken make={make} />
      {make.error !== null && <Notice tone="failed">{make.error.message}</Notice>}
      {make.data !== undefined && (
        <div className={classes.made}>
          <CopyField
            key={make.data.id}
            label={`Token “${make.data.name}”`}
            description="Copy it now: it is shown only here and only once."
            value={make.data.token}
          />
        </div>
      )}
      <TokenList />
    </section>
  );
}

function NewToken({ make }: { readonly make: ReturnType<typeof useMakeToken> }) {
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    make.mutate({ name: name.trim(), days: Number(days) }, { onSuccess: () => setName('') });
  };
  return (
    <form className={classes.new} onSubmit={send}>
      <TextInput
        className={classes.grow}
        label="What will use it"
        placeholder="nightly export"
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label="Valid for"
        data={DAYS}
        value={days}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
      <Button type="submit" loading={make.isPending} disabled={name.trim() === ''}>
        Make a token
      </Button>
    </form>
  );
}

function TokenList() {
  const tokens = useTokens();
  const revoke = useRevokeToken();
  if (tokens.data === undefined) {
    return tokens.error === null ? null : (
      <Notice tone="failed">
        {tokens.error.message}{' '}
        <Button size="compact-xs" variant="default" onClick={() => void tokens.refetch()}>
          Try again
        </Button>
      </Notice>
    );
  }
  if (tokens.data.length === 0) {
    return <p className={classes.quiet}>You have no tokens.</p>;
  }
  return (
    <>
      {revoke.error !== null && <Notice tone="failed">{revoke.error.message}</Notice>}
      <Table verticalSpacing={6} aria-label="Tokens">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Begins with</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Valid until</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.data.map((token) => (
            <TokenRow
              key={token.id}
              token={token}
              isPending={revoke.isPending && revoke.variables === token.id}
              onRevoke={() => revoke.mutate(token.id)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

interface TokenRowProps {
  readonly token: ApiToken;
  readonly isPending: boolean;
  readonly onRevoke: () => void;
}

function TokenRow({ token, isPending, onRevoke }: TokenRowProps) {
  const hasExpired = new Date(token.expires_at) <= new Date();
  return (
    <Table.Tr>
      <Table.Td>{token.name}</Table.Td>
      <Table.Td>
        <code>{token.prefix}…</code>
      </Table.Td>
      <Table.Td c="dimmed">{when(token.created_at)}</Table.Td>
      <Table.Td c="dimmed">{token.last_used_at === null ? 'never' : when(token.last_used_at)}</Table.Td>
      <Table.Td c="dimmed">
        {hasExpired ? <span className={classes.expired}>expired</span> : when(token.expires_at)}
      </Table.Td>
      <Table.Td ta="right">
        <Button size="compact-xs" variant="default" loading={isPending} onClick={onRevoke}>
          Revoke
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
