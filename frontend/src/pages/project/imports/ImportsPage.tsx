import { Anchor, Button, Table } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { goesOn, type ImportRow, useImports } from '../../../api';
import { Header } from '../../shell/Header';
import { Message } from '../../shell/RootLayout';
import { when } from '../../words';
import { ImportSettings } from './ImportSettings';
import classes from './imports.module.css';
import { SavedRecipes } from './SavedRecipes';
import { Tag } from './Tag';
import { countWords, progressWords, STATES, wayWords } from './words';

const route = getRouteApi('/signedIn/projects/$projectId/imports');

/** Every import of a project, the newest first; each leads to its report. */
export function ImportsPage() {
  const { projectId } = route.useParams();
  const { me } = route.useRouteContext();
  const id = Number(projectId);
  const imports = useImports(id);
  return (
    <div>
      <Header me={me} project={me.projects.find((one) => one.id === id) ?? null} page="project" />
      {imports.data !== undefined && (
        <main className={classes.main}>
          <header className={classes.top}>
            <h1 className={classes.title}>Imports</h1>
            <Button
              renderRoot={(props) => (
                <Link to="/projects/$projectId" params={{ projectId }} search={{ tab: 'data' }} {...props} />
              )}
            >
              Add cases
            </Button>
          </header>
          {imports.data.length === 0 ? (
            <p className={classes.quiet}>Nothing was imported yet.</p>
          ) : (
            <Rows rows={imports.data} project={projectId} />
          )}
          <SavedRecipes project={id} />
          <ImportSettings project={id} />
        </main>
      )}
      {imports.data === undefined && imports.error !== null && (
        <Message title="The imports could not be read" text={imports.error.message}>
          <Button onClick={() => void imports.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

function Rows({ rows, project }: { readonly rows: readonly ImportRow[]; readonly project: string }) {
  return (
    <div className={classes.table}>
      <Table verticalSpacing={8} aria-label="Imports">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Import</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>What became of it</Table.Th>
            <Table.Th>Data set</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>Asked by</Table.Th>
            <Table.Th>Asked</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} project={project} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Row({ row, project }: { readonly row: ImportRow; readonly project: string }) {
  return (
    <Table.Tr>
      <Table.Td className={classes.number}>
        <Anchor
          renderRoot={(props) => (
            <Link
              to="/projects/$projectId/imports/$jobId"
              params={{ projectId: project, jobId: String(row.id) }}
              {...props}
            />
          )}
        >
          Import {row.id}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Tag tone={STATES[row.state].tone}>{STATES[row.state].word}</Tag>
      </Table.Td>
      <Table.Td>{goesOn(row) ? progressWords(row.progress) : row.error || countWords(row.counts)}</Table.Td>
      <Table.Td>{row.data_set?.title ?? '—'}</Table.Td>
      <Table.Td>{wayWords(row)}</Table.Td>
      <Table.Td>{row.by ?? '—'}</Table.Td>
      <Table.Td className={classes.number}>{when(row.created_at)}</Table.Td>
    </Table.Tr>
  );
}
