import { Button, Drawer, Table, TextInput, UnstyledButton } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  type CasesAsked,
  type DatasetCases,
  type Project,
  useChangeSite,
  useDatasetCases,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import { caseLabel } from '../../words';
import { KeptDrawer } from '../kept/KeptDrawer';
import classes from './dataset.module.css';
import { count, groupWord, listTitle } from './words';

interface DatasetCasesDrawerProps {
  readonly project: Project;
  /** null = closed. */
  readonly asked: CasesAsked | null;
  readonly onClose: () => void;
}

/** The cases behind a number. */
export function DatasetCasesDrawer({ project, asked, onClose }: DatasetCasesDrawerProps) {
  const names = new Map(project.structures.map(({ key, name }) => [key, name]));
  return (
    <Drawer
      opened={asked !== null}
      onClose={onClose}
      position="right"
      size="xl"
      title={asked === null ? '' : listTitle(asked, names)}
    >
      {asked !== null && <Listing key={JSON.stringify(asked)} project={project} asked={asked} />}
    </Drawer>
  );
}

function Listing({ project, asked }: { readonly project: Project; readonly asked: CasesAsked }) {
  const found = useDatasetCases(project.id, asked);
  const [opened, setOpened] = useState<number | null>(null);
  if (found.error !== null) {
    return <p role="alert">{found.error.message}</p>;
  }
  if (found.data === undefined) {
    return <p className={classes.quiet}>Looking…</p>;
  }
  const { total, rows } = found.data;
  return (
    <>
      <p className={classes.quiet}>
        {count(total, 'case')}
        {total > rows.length && `; the first ${rows.length} are shown`}.
      </p>
      {rows.length > 0 && <SiteForm project={project.id} found={found.data} />}
      <Table verticalSpacing={4} aria-label="Cases behind the number">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Case</Table.Th>
            <Table.Th>Name</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Split</Table.Th>
            <Table.Th>Site</Table.Th>
            <Table.Th>Scanner</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.case_id}>
              <Table.Td>
                <UnstyledButton className={classes.count} onClick={() => setOpened(row.case_id)}>
                  {caseLabel(row.number)}
                </UnstyledButton>
              </Table.Td>
              <Table.Td className={classes.word}>{row.name}</Table.Td>
              <Table.Td>{groupWord({ what: 'state', word: row.state })}</Table.Td>
              <Table.Td>{row.split}</Table.Td>
              <Table.Td>{row.site || '—'}</Table.Td>
              <Table.Td>{row.scanner || '—'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <KeptDrawer project={project} opened={opened} onClose={() => setOpened(null)} />
    </>
  );
}

/** Says where the listed cases were scanned. */
function SiteForm({ project, found }: { readonly project: number; readonly found: DatasetCases }) {
  const [site, setSite] = useState('');
  const change = useChangeSite(project);
  const { total, rows } = found;
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    change.mutate({ site, cases: rows.map(({ number }) => number) });
  };
  return (
    <>
      <form className={classes.site} onSubmit={send}>
        <TextInput
          size="xs"
          label="Site of these cases"
          placeholder="not known"
          maxLength={80}
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" loading={change.isPending}>
          {site === '' ? 'Remove the site' : 'Set the site'}
          {total > rows.length ? ` of the first ${rows.length}` : ` of ${count(total, 'case')}`}
        </Button>
      </form>
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      {change.data !== undefined && (
        <p className={classes.quiet} role="status">
          Stored for {count(change.data.cases, 'case')}.
        </p>
      )}
    </>
  );
}
