import { Button, NativeSelect, NumberInput, Table, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  type Invitation,
  type NewInvitation,
  type Role,
  useInvitations,
  useInvite,
  useWithdraw,
} from '../../../api';
import { CopyField } from '../../shell/CopyField';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './Team.module.css';
import { LEVEL_CHOICES, LEVELS, levelOf, linkOf, people, ROLE_CHOICES, ROLE_NOTES, ROLES } from './teamWords';

const DAYS = [1, 3, 7, 14, 30, 60].map((days) => ({
  value: String(days),
  label: days === 1 ? '1 day' : `${days} days`,
}));
const MOST_USES = 50;

/** Links into the project: one is made, sent by whatever means, and listed while it lets somebody in. */
export function Invitations({ project }: { readonly project: number }) {
  const invite = useInvite(project);
  return (
    <section className={classes.invitations} aria-label="Invitations">
      <h2 className={classes.title}>Invite somebody</h2>
      <InviteForm
        isPending={invite.isPending}
        onInvite={(given, done) => invite.mutate(given, { onSuccess: done })}
      />
      {invite.error !== null && <Notice tone="failed">{invite.error.message}</Notice>}
      {invite.data !== undefined && (
        <div className={classes.made}>
          <CopyField
            key={invite.data.id}
            label={`Link for ${people(invite.data.uses)}: ${ROLES[invite.data.role].toLowerCase()}, ${LEVELS[invite.data.level].toLowerCase()}`}
            description="Send it now: it is shown only here and only once. Whoever has it can come in."
            value={linkOf(invite.data.token, window.location.origin)}
          />
        </div>
      )}
      <OpenLinks project={project} />
    </section>
  );
}

const EMPTY: Required<NewInvitation> = { role: 'annotator', level: 1, days: 7, uses: 1, note: '' };

interface InviteFormProps {
  readonly isPending: boolean;
  readonly onInvite: (given: NewInvitation, done: () => void) => void;
}

function InviteForm({ isPending, onInvite }: InviteFormProps) {
  const [given, setGiven] = useState(EMPTY);
  const set = (changed: Partial<NewInvitation>): void => setGiven({ ...given, ...changed });
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onInvite({ ...given, note: given.note.trim() }, () => set({ note: '' }));
  };
  return (
    <form className={classes.form} onSubmit={send}>
      <NativeSelect
        label="Role"
        description={ROLE_NOTES[given.role]}
        data={ROLE_CHOICES}
        value={given.role}
        onChange={(event) => set({ role: event.currentTarget.value as Role })}
      />
      <NativeSelect
        label="Experience"
        description="of the reader"
        data={LEVEL_CHOICES}
        value={String(given.level)}
        onChange={(event) => set({ level: levelOf(event.currentTarget.value) })}
      />
      <NumberInput
        label="For how many"
        description="people"
        min={1}
        max={MOST_USES}
        clampBehavior="strict"
        allowDecimal={false}
        value={given.uses}
        onChange={(uses) => set({ uses: Number(uses) || 1 })}
      />
      <NativeSelect
        label="Valid for"
        description="from now"
        data={DAYS}
        value={String(given.days)}
        onChange={(event) => set({ days: Number(event.currentTarget.value) })}
      />
      <TextInput
        className={classes.note}
        label="Note"
        description="for yourself"
        placeholder="residents, spring term"
        maxLength={120}
        value={given.note}
        onChange={(event) => set({ note: event.currentTarget.value })}
      />
      <Button type="submit" loading={isPending}>
        Make a link
      </Button>
    </form>
  );
}

function OpenLinks({ project }: { readonly project: number }) {
  const links = useInvitations(project);
  const withdraw = useWithdraw(project);
  if (links.error !== null && links.data === undefined) {
    return <Notice tone="failed">{links.error.message}</Notice>;
  }
  if (links.data === undefined || links.data.length === 0) {
    return <p className={classes.quiet}>{links.data === undefined ? ' ' : 'No link is open.'}</p>;
  }
  return (
    <>
      {withdraw.error !== null && <Notice tone="failed">{withdraw.error.message}</Notice>}
      <div className={classes.table}>
        <Table verticalSpacing={6} aria-label="Open links">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Open links</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>Level</Table.Th>
              <Table.Th>Left</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th>Valid until</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {links.data.map((link) => (
              <LinkRow
                key={link.id}
                link={link}
                isPending={withdraw.isPending && withdraw.variables === link.id}
                onWithdraw={() => withdraw.mutate(link.id)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

interface LinkRowProps {
  readonly link: Invitation;
  readonly isPending: boolean;
  readonly onWithdraw: () => void;
}

function LinkRow({ link, isPending, onWithdraw }: LinkRowProps) {
  return (
    <Table.Tr>
      <Table.Td>
        {link.note === '' ? <span className={classes.quiet}>without a note</span> : link.note}
      </Table.Td>
      <Table.Td>{ROLES[link.role]}</Table.Td>
      <Table.Td>{LEVELS[link.level]}</Table.Td>
      <Table.Td>
        {link.uses_left} of {link.uses}
      </Table.Td>
      <Table.Td c="dimmed">
        {when(link.created_at)} by {link.invited_by}
      </Table.Td>
      <Table.Td c="dimmed">{when(link.expires_at)}</Table.Td>
      <Table.Td ta="right">
        <Button size="compact-xs" variant="default" loading={isPending} onClick={onWithdraw}>
          Withdraw
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
