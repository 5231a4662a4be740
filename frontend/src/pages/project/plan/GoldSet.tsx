import { Button, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type GoldCase, type Project, useCases, useChangeGold, useGold } from '../../../api';
import { Notice } from '../../shell/Notice';
import { caseLabel } from '../../words';
import { AddCases, CasesTable } from './CasesByNumber';
import { inRuns } from './caseNumbers';
import classes from './Plan.module.css';
import { Section } from './Section';

/** Accepted cases whose answer is known, given to readers among others. */
export function GoldSet({ project }: { readonly project: Project }) {
  const set = useGold(project.id);
  const change = useChangeGold(project.id);
  return (
    <Section
      title="Gold cases"
      lead="Accepted cases whose delineation counts as the right answer. Readers who had no hand in one get it among others. What readers have met can be excluded, not removed: it is not given any more, and its scores do not count."
      asked={set}
    >
      {(rows) => (
        <>
          {rows.length > 0 && <Rows rows={rows} isPending={change.isPending} onChange={change.mutate} />}
          {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
          <Adding
            project={project.id}
            rows={rows}
            isPending={change.isPending}
            onAdd={(added, done) => change.mutate([...rows, ...added], { onSuccess: done })}
          />
        </>
      )}
    </Section>
  );
}

interface RowsProps {
  readonly rows: readonly GoldCase[];
  readonly isPending: boolean;
  readonly onChange: (rows: readonly GoldCase[]) => void;
}

function Rows({ rows, isPending, onChange }: RowsProps) {
  return (
    <CasesTable
      label="Gold cases"
      columns={[
        { title: 'Where the answer comes from' },
        { title: 'State', width: 130 },
        { title: '', width: 190 },
      ]}
    >
      {rows.map((row) => (
        <Row
          key={row.number}
          row={row}
          isPending={isPending}
          onExclude={(excluded) =>
            onChange(rows.map((each) => (each.number === row.number ? { ...each, excluded } : each)))
          }
          onRemove={() => onChange(rows.filter(({ number }) => number !== row.number))}
        />
      ))}
    </CasesTable>
  );
}

interface RowProps {
  readonly row: GoldCase;
  readonly isPending: boolean;
  readonly onExclude: (excluded: boolean) => void;
  readonly onRemove: () => void;
}

function Row({ row, isPending, onExclude, onRemove }: RowProps) {
  return (
    <Table.Tr className={classes.row} data-excluded={row.excluded || undefined}>
      <Table.Td fw={600}>{caseLabel(row.number)}</Table.Td>
      <Table.Td>{row.source === '' ? '—' : row.source}</Table.Td>
      <Table.Td>{row.excluded ? 'excluded' : 'given'}</Table.Td>
      <Table.Td ta="right">
        <Button
          size="compact-xs"
          variant="default"
          disabled={isPending}
          aria-label={`${row.excluded ? 'Include' : 'Exclude'} case ${row.number}`}
          onClick={() => onExclude(!row.excluded)}
        >
          {row.excluded ? 'Include' : 'Exclude'}
        </Button>{' '}
        <Button
          size="compact-xs"
          variant="default"
          disabled={isPending}
          aria-label={`Remove case ${row.number}`}
          onClick={onRemove}
        >
          Remove
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

interface AddingProps {
  readonly project: number;
  readonly rows: readonly GoldCase[];
  readonly isPending: boolean;
  readonly onAdd: (added: readonly GoldCase[], done: () => void) => void;
}

function Adding({ project, rows, isPending, onAdd }: AddingProps) {
  const [source, setSource] = useState('');
  const add = (numbers: readonly number[], done: () => void): void => {
    const there = new Set(rows.map(({ number }) => number));
    const added = numbers.filter((number) => !there.has(number));
    onAdd(
      added.map((number) => ({ number, source, excluded: false })),
      done,
    );
  };
  return (
    <AddCases
      label="Add accepted cases by number"
      description={<Accepted project={project} rows={rows} />}
      isPending={isPending}
      onAdd={add}
    >
      <TextInput
        className={classes.wide}
        label="Where the answer comes from"
        description="for yourself"
        placeholder="consensus of three experts"
        maxLength={200}
        value={source}
        onChange={(event) => setSource(event.currentTarget.value)}
      />
    </AddCases>
  );
}

const MOST_NAMED = 12;

/** Which ones can be chosen, as far as they fit on a line. */
function Accepted({ project, rows }: { readonly project: number; readonly rows: readonly GoldCase[] }) {
  const cases = useCases(project, 'accepted', 1);
  const there = new Set(rows.map(({ number }) => number));
  const free = (cases.data?.results ?? []).map(({ number }) => number).filter((number) => !there.has(number));
  if (cases.data === undefined) {
    return 'Cases in the state “Accepted”.';
  }
  if (free.length === 0) {
    return cases.data.count === 0 ? 'No case is accepted yet.' : 'All accepted cases are chosen.';
  }
  const more = cases.data.count - there.size - Math.min(free.length, MOST_NAMED);
  return `Accepted: ${inRuns(free.slice(0, MOST_NAMED))}${more > 0 ? ` and ${more} more` : ''}.`;
}
