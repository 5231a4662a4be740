import { Button, Chip, Group, Pagination } from '@mantine/core';
import { useState } from 'react';
import { type CaseFilter, type CaseRow, type Project, useCases, useHeld } from '../../api';
import { Notice } from '../shell/Notice';
import { CASE_STATES } from '../words';
import { CaseActions } from './CaseActions';
import { CaseRows } from './CaseRows';
import classes from './CasesTable.module.css';
import { heldByCase, takeable } from './caseWords';
import { KeptDrawer } from './kept/KeptDrawer';

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
  const held = useHeld(project.id, true);
  const heldOf = held.data === undefined ? null : heldByCase(held.data);
  // The first failure is said, not only the last one after all attempts.
  const problem = held.error ?? (heldOf === null ? held.failureReason : null);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [opened, setOpened] = useState<number | null>(null);
  if (rows.length === 0) {
    return (
      <p className={classes.empty}>
        {state === null
          ? 'No case yet. Add some under “Add cases”.'
          : `No case is in the state “${CASE_STATES[state]}”.`}
      </p>
    );
  }
  // What a filter or another page hides is not acted on.
  const shown = rows.map(({ number }) => number).filter((number) => chosen.has(number));
  return (
    <>
      <CaseActions
        project={project.id}
        chosen={shown}
        rows={rows.filter(({ number }) => chosen.has(number))}
        reads={heldOf === null ? [] : takeable(shown.map(heldOf))}
        onDone={() => setChosen(new Set())}
      />
      {problem !== null && <Notice tone="failed">Who holds what could not be read. {problem.message}</Notice>}
      <div className={classes.table} data-stale={isStale || undefined}>
        <CaseRows
          rows={rows}
          heldOf={heldOf}
          chosen={chosen}
          onChoose={(numbers, isChosen) => setChosen(changed(chosen, numbers, isChosen))}
          onOpen={setOpened}
        />
      </div>
      <KeptDrawer project={project} opened={opened} onClose={() => setOpened(null)} />
    </>
  );
}

function changed(
  chosen: ReadonlySet<number>,
  numbers: readonly number[],
  isChosen: boolean,
): ReadonlySet<number> {
  const next = new Set(chosen);
  for (const number of numbers) {
    if (isChosen) {
      next.add(number);
    } else {
      next.delete(number);
    }
  }
  return next;
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
