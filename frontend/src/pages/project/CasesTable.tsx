import { Button, Chip, Group, Pagination, Table } from '@mantine/core';
import { useState } from 'react';
import { type CaseFilter, type CaseRow, type Project, useCases } from '../../api';
import { CASE_STATES, caseLabel, when } from '../words';
import classes from './CasesTable.module.css';

const ROWS_PER_PAGE = 50;
const STATES = Object.keys(CASE_STATES) as CaseFilter[];

export function CasesTable({ project }: { readonly project: Project }) {
  const [state, setState] = useState<CaseFilter | null>(null);
  const [page, setPage] = useState(1);
  const cases = useCases(project.id, state, page);
  const choose = (value: string | string[]): void => {
    setState(value === 'all' ? null : (value as CaseFilter));
    setPage(1);
  };
  return (
    <>
      <Filters project={project} state={state} onChoose={choose} />
      {cases.error !== null && (
        <p className={classes.empty} role="alert">
          {cases.error.message}{' '}
          <Button size="compact-sm" variant="default" onClick={() => void cases.refetch()}>
            Try again
          </Button>
        </p>
      )}
      {cases.data !== undefined && (
        <Listing
          project={project}
          state={state}
          rows={cases.data.results}
          isStale={cases.isPlaceholderData}
        />
      )}
      {cases.data !== undefined && cases.data.count > ROWS_PER_PAGE && (
        <Pagination
          mt="md"
          size="sm"
          value={page}
          onChange={setPage}
          total={Math.ceil(cases.data.count / ROWS_PER_PAGE)}
          aria-label="Pages of the list"
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        />
      )}
    </>
  );
}

interface ListingProps {
  readonly project: Project;
  readonly state: CaseFilter | null;
  readonly rows: readonly CaseRow[];
  readonly isStale: boolean;
}

function Listing({ project, state, rows, isStale }: ListingProps) {
  if (rows.length === 0) {
    return (
      <p className={classes.empty}>
        {state === null
          ? 'No case yet. Add some under “Add cases”.'
          : `No case is in the state “${CASE_STATES[state]}”.`}
      </p>
    );
  }
  return (
    <div className={classes.table} data-stale={isStale || undefined}>
      <Rows rows={rows} showReader={project.role === 'lead'} />
    </div>
  );
}

interface FiltersProps {
  readonly project: Project;
  readonly state: CaseFilter | null;
  readonly onChoose: (value: string | string[]) => void;
}

function Filters({ project, state, onChoose }: FiltersProps) {
  return (
    <Chip.Group value={state ?? 'all'} onChange={onChoose}>
      <Group gap={6} mb="sm" role="group" aria-label="Filter by state">
        <Chip size="xs" value="all">
          All
        </Chip>
        {STATES.map((each) => (
          <Chip key={each} size="xs" value={each}>
            {CASE_STATES[each]} {project.case_counts?.[each] ?? 0}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

function Rows({ rows, showReader }: { readonly rows: readonly CaseRow[]; readonly showReader: boolean }) {
  return (
    <Table verticalSpacing={6} highlightOnHover aria-label="Cases">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Case</Table.Th>
          <Table.Th>Name</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Split</Table.Th>
          {showReader && <Table.Th>Reader</Table.Th>}
          <Table.Th>Prediction</Table.Th>
          <Table.Th ta="right">Changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.id}>
            <Table.Td fw={600}>{caseLabel(row.number)}</Table.Td>
            <Table.Td>{row.name}</Table.Td>
            <Table.Td>
              <span className={classes.state} data-state={row.split === 'test' ? 'test' : row.state}>
                {CASE_STATES[row.split === 'test' ? 'test' : row.state]}
              </span>
            </Table.Td>
            <Table.Td c="dimmed">{row.split}</Table.Td>
            {showReader && <Table.Td>{row.reader ?? '—'}</Table.Td>}
            <Table.Td>{row.prediction_version === null ? '—' : `model ${row.prediction_version}`}</Table.Td>
            <Table.Td ta="right" c="dimmed">
              {when(row.updated_at)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
