import { Button, NativeSelect, Table } from '@mantine/core';
import { useState } from 'react';
import { type Member, type MemberChange, type Role, useChangeMember, useMembers } from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './Team.module.css';
import { LEVEL_CHOICES, leavingSentence, levelOf, ROLE_CHOICES } from './teamWords';

type IdentifiedChange = MemberChange & { readonly id: number };

/** Everybody who is or was a member; roles and levels are changed in their place. */
export function MembersTable({ project }: { readonly project: number }) {
  const members = useMembers(project);
  const change = useChangeMember(project);
  if (members.data === undefined) {
    return members.error === null ? (
      <div className={classes.waiting} aria-busy="true" />
    ) : (
      <Notice tone="failed">
        {members.error.message}{' '}
        <Button size="compact-xs" variant="default" onClick={() => void members.refetch()}>
          Try again
        </Button>
      </Notice>
    );
  }
  return (
    <section aria-label="Members">
      {members.error !== null && (
        <Notice tone="needsYou">{members.error.message} What you see may be some minutes old.</Notice>
      )}
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      <Members
        members={members.data}
        pending={change.isPending ? change.variables : null}
        onChange={change.mutate}
      />
    </section>
  );
}

interface MembersProps {
  readonly members: readonly Member[];
  readonly pending: IdentifiedChange | null;
  readonly onChange: (changed: IdentifiedChange) => void;
}

function Members({ members, pending, onChange }: MembersProps) {
  return (
    <div className={classes.table}>
      <Table verticalSpacing={6} aria-label="Members">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Level</Table.Th>
            <Table.Th ta="right">Reads done</Table.Th>
            <Table.Th ta="right">Open</Table.Th>
            <Table.Th>Last seen</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {members.map((member) => (
            <MemberRow
              key={member.id}
              member={member}
              pending={pending?.id === member.id ? pending : null}
              onChange={(changed) => onChange({ id: member.id, ...changed })}
            />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface MemberRowProps {
  readonly member: Member;
  /** What is on its way to the server: shown at once, greyed. */
  readonly pending: MemberChange | null;
  readonly onChange: (changed: MemberChange) => void;
}

function MemberRow({ member, pending, onChange }: MemberRowProps) {
  const [isAsking, setAsking] = useState(false);
  const isFixed = pending !== null || !member.active;
  return (
    <>
      <Table.Tr className={classes.member} data-gone={!member.active || undefined}>
        <NameCell member={member} />
        <Table.Td>
          <NativeSelect
            size="xs"
            aria-label={`Role of ${member.username}`}
            data={ROLE_CHOICES}
            value={pending?.role ?? member.role}
            disabled={isFixed}
            onChange={(event) => onChange({ role: event.currentTarget.value as Role })}
          />
        </Table.Td>
        <Table.Td>
          <NativeSelect
            size="xs"
            aria-label={`Level of ${member.username}`}
            data={LEVEL_CHOICES}
            value={String(pending?.level ?? member.level)}
            disabled={isFixed}
            onChange={(event) => onChange({ level: levelOf(event.currentTarget.value) })}
          />
        </Table.Td>
        <Table.Td ta="right">{member.done}</Table.Td>
        <Table.Td ta="right">{member.open}</Table.Td>
        <Table.Td c="dimmed">{member.last_seen === null ? 'never' : when(member.last_seen)}</Table.Td>
        <Table.Td ta="right">
          <Button
            size="compact-xs"
            variant="default"
            loading={pending?.active !== undefined}
            disabled={pending !== null}
            aria-expanded={member.active ? isAsking : undefined}
            onClick={() => (member.active ? setAsking(!isAsking) : onChange({ active: true }))}
          >
            {member.active ? 'Deactivate' : 'Reactivate'}
          </Button>
        </Table.Td>
      </Table.Tr>
      {isAsking && member.active && (
        <Leaving
          member={member}
          isPending={pending !== null}
          onLeave={() => {
            setAsking(false);
            onChange({ active: false });
          }}
          onStay={() => setAsking(false)}
        />
      )}
    </>
  );
}

function NameCell({ member }: { readonly member: Member }) {
  return (
    <Table.Td>
      <span className={classes.name}>{member.name}</span>
      <span className={classes.about}>
        {member.name !== member.username && ` ${member.username}`}
        {member.is_me && ' · you'}
        {!member.active && ' · deactivated'}
      </span>
    </Table.Td>
  );
}

interface LeavingProps {
  readonly member: Member;
  readonly isPending: boolean;
  readonly onLeave: () => void;
  readonly onStay: () => void;
}

function Leaving({ member, isPending, onLeave, onStay }: LeavingProps) {
  return (
    <Table.Tr>
      <Table.Td colSpan={7} className={classes.question}>
        <span>{leavingSentence(member.name, member.open)}</span>
        <Button size="compact-xs" color="red" loading={isPending} onClick={onLeave}>
          Deactivate {member.username}
        </Button>
        <Button size="compact-xs" variant="default" onClick={onStay}>
          Keep
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
