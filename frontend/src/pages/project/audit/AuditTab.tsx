import { Button, NativeSelect, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import {
  type AuditAction,
  type AuditRow,
  type AuditWanted,
  auditFile,
  type Project,
  useAudit,
  useMembers,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './audit.module.css';
import { ACTIONS, aboutOf, detailOf } from './words';

const ALL: AuditWanted = { person: '', case: '', action: '', from: '', to: '' };

/** Who looked at, changed or was refused what, and from where; the newest first. */
export function AuditTab({ project }: { readonly project: Project }) {
  const [wanted, setWanted] = useState(ALL);
  const found = useAudit(project.id, wanted);
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? [];
  const isNarrowed = Object.values(wanted).some((value) => value !== '');
  return (
    <>
      <Filters project={project.id} wanted={wanted} onChange={setWanted} />
      {found.error !== null && (
        <Notice tone="failed">
          {found.error.message}{' '}
          <Button size="compact-xs" variant="default" onClick={() => void found.refetch()}>
            Try again
          </Button>
        </Notice>
      )}
      <div aria-busy={found.isFetching} data-fading={found.isPlaceholderData} className={classes.rows}>
        {rows.length > 0 && <Rows rows={rows} />}
        {found.isSuccess && rows.length === 0 && (
          <p className={classes.quiet}>
            {isNarrowed ? 'Nothing fits. Widen what you look for.' : 'Nothing has happened yet.'}
          </p>
        )}
        {found.isPending && <p className={classes.quiet}>Looking…</p>}
      </div>
      {found.hasNextPage && (
        <Button
          variant="default"
          loading={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          Show earlier ones
        </Button>
      )}
    </>
  );
}

interface FiltersProps {
  readonly project: number;
  readonly wanted: AuditWanted;
  readonly onChange: (wanted: AuditWanted) => void;
}

function Filters({ project, wanted, onChange }: FiltersProps) {
  const members = useMembers(project).data ?? [];
  const set =
    (name: keyof AuditWanted) =>
    (event: { currentTarget: { value: string } }): void =>
      onChange({ ...wanted, [name]: event.currentTarget.value });
  const people = [{ value: '', label: 'everybody' }].concat(
    members.map(({ username, name }) => ({ value: username, label: name })),
  );
  const actions = [{ value: '', label: 'everything' }].concat(
    (Object.keys(ACTIONS) as AuditAction[]).map((action) => ({ value: action, label: ACTIONS[action] })),
  );
  return (
    <search className={classes.filters} aria-label="Audit">
      <NativeSelect label="Who" data={people} value={wanted.person} onChange={set('person')} />
      <NativeSelect label="What" data={actions} value={wanted.action} onChange={set('action')} />
      <TextInput
        label="Case"
        placeholder="number"
        type="number"
        min={0}
        value={wanted.case}
        onChange={set('case')}
      />
      <TextInput label="From" type="date" value={wanted.from} onChange={set('from')} />
      <TextInput label="To" type="date" value={wanted.to} onChange={set('to')} />
      <Button component="a" variant="default" href={auditFile(project, wanted, 'csv')} download>
        Save as CSV
      </Button>
      <Button component="a" variant="default" href={auditFile(project, wanted, 'jsonl')} download>
        Save as JSON lines
      </Button>
    </search>
  );
}

function Rows({ rows }: { readonly rows: readonly AuditRow[] }) {
  return (
    <Table verticalSpacing={4} aria-label="Audit" stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>When</Table.Th>
          <Table.Th>Who</Table.Th>
          <Table.Th>Did</Table.Th>
          <Table.Th>What</Table.Th>
          <Table.Th>Case</Table.Th>
          <Table.Th>More</Table.Th>
          <Table.Th>From</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id} data-action={row.action} className={classes.row}>
            <Table.Td className={classes.time}>{secondOf(row.at)}</Table.Td>
            <Table.Td>{row.person === '' ? <i>the machine</i> : row.person}</Table.Td>
            <Table.Td>{ACTIONS[row.action]}</Table.Td>
            <Table.Td>{aboutOf(row)}</Table.Td>
            <Table.Td>{row.case}</Table.Td>
            <Table.Td className={classes.detail}>{detailOf(row)}</Table.Td>
            <Table.Td c="dimmed">{row.address}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const secondOf = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' });
