import { Button, NativeSelect, Table } from '@mantine/core';
import { useState } from 'react';
import {
  type CalibrationCase,
  type CalibrationDraft,
  useCalibration,
  useChangeCalibration,
  useDrawCalibration,
  useMembers,
  usePlan,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import { caseLabel } from '../../words';
import { AddCases, CasesTable } from './CasesByNumber';
import classes from './Plan.module.css';
import { Section } from './Section';

type Start = CalibrationCase['start_from'];

const STARTS = [
  { value: 'half', label: 'half from nothing' },
  { value: 'prediction', label: 'all from a prediction' },
  { value: 'scratch', label: 'all from nothing' },
];
const ROW_STARTS = [
  { value: 'prediction', label: 'from a prediction' },
  { value: 'scratch', label: 'from nothing' },
];

/** The cases that every reader reads before anything else. */
export function CalibrationSet({ project }: { readonly project: number }) {
  const set = useCalibration(project);
  const change = useChangeCalibration(project);
  return (
    <Section
      title="Calibration cases"
      lead="Every annotator reads them first, all beginning alike. Nobody may have opened them before; what was read for calibration stays."
      asked={set}
    >
      {(rows) => (
        <>
          {rows.length > 0 && (
            <Rows project={project} rows={rows} isPending={change.isPending} onChange={change.mutate} />
          )}
          {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
          <Adding
            isPending={change.isPending}
            onAdd={(added, done) => change.mutate([...rows, ...added], { onSuccess: done })}
          />
          <Drawing project={project} chosen={rows.length} />
        </>
      )}
    </Section>
  );
}

interface RowsProps {
  readonly project: number;
  readonly rows: readonly CalibrationCase[];
  readonly isPending: boolean;
  readonly onChange: (rows: readonly CalibrationDraft[]) => void;
}

function Rows({ project, rows, isPending, onChange }: RowsProps) {
  const members = useMembers(project);
  const readers = (members.data ?? [])
    .filter(({ active, role }) => active && role === 'annotator')
    .map(({ username }) => username);
  return (
    <CasesTable
      label="Calibration cases"
      columns={[{ title: 'Begins', width: 190 }, { title: 'Readers' }, { title: '', width: 100 }]}
    >
      {rows.map((row) => (
        <Row
          key={row.number}
          row={row}
          readers={readers}
          isPending={isPending}
          onStart={(start_from) =>
            onChange(rows.map((each) => (each.number === row.number ? { ...each, start_from } : each)))
          }
          onRemove={() => onChange(rows.filter(({ number }) => number !== row.number))}
        />
      ))}
    </CasesTable>
  );
}

interface RowProps {
  readonly row: CalibrationCase;
  readonly readers: readonly string[];
  readonly isPending: boolean;
  readonly onStart: (start: Start) => void;
  readonly onRemove: () => void;
}

function Row({ row, readers, isPending, onStart, onRemove }: RowProps) {
  const isFixed = isPending || row.reads.length > 0;
  const left = row.reads.map(({ reader }) => reader).filter((reader) => !readers.includes(reader));
  return (
    <Table.Tr>
      <Table.Td fw={600}>{caseLabel(row.number)}</Table.Td>
      <Table.Td>
        <NativeSelect
          size="xs"
          aria-label={`Start of case ${row.number}`}
          data={ROW_STARTS}
          value={row.start_from}
          disabled={isFixed}
          onChange={(event) => onStart(event.currentTarget.value as Start)}
        />
      </Table.Td>
      <Table.Td>
        {[...readers, ...left].map((reader) => (
          <ReaderState key={reader} reader={reader} row={row} />
        ))}
      </Table.Td>
      <Table.Td ta="right">
        <Button
          size="compact-xs"
          variant="default"
          disabled={isFixed}
          aria-label={`Remove case ${row.number}`}
          onClick={onRemove}
        >
          Remove
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function ReaderState({ reader, row }: { readonly reader: string; readonly row: CalibrationCase }) {
  const state = row.reads.find((read) => read.reader === reader)?.state;
  const words =
    state === undefined || state === 'planned'
      ? 'not yet'
      : state === 'done' || state === 'submitted'
        ? 'done'
        : 'reading';
  return (
    <span className={classes.reader} data-state={words}>
      {reader} <span className={classes.note}>{words}</span>
    </span>
  );
}

interface AddingProps {
  readonly isPending: boolean;
  readonly onAdd: (added: readonly CalibrationDraft[], done: () => void) => void;
}

function Adding({ isPending, onAdd }: AddingProps) {
  const [start, setStart] = useState('half');
  const add = (numbers: readonly number[], done: () => void): void =>
    onAdd(
      numbers.map((number, index) => ({ number, start_from: startOf(start, index) })),
      done,
    );
  return (
    <AddCases label="Add cases by number" isPending={isPending} onAdd={add}>
      <NativeSelect
        className={classes.middle}
        label="They begin"
        data={STARTS}
        value={start}
        onChange={(event) => setStart(event.currentTarget.value)}
      />
    </AddCases>
  );
}

/** Every other one of them from nothing. */
function startOf(choice: string, index: number): Start {
  return choice === 'scratch' || (choice === 'half' && index % 2 === 0) ? 'scratch' : 'prediction';
}

/** What the plan asks for and is not chosen yet. */
function Drawing({ project, chosen }: { readonly project: number; readonly chosen: number }) {
  const plan = usePlan(project).data?.plan ?? null;
  const draw = useDrawCalibration(project);
  const missing = (plan?.calibration_cases ?? 0) - chosen;
  if (plan === null) {
    return <p className={classes.hint}>Once a plan is in force, the cases can be drawn by lot.</p>;
  }
  return (
    <>
      <div className={classes.buttons}>
        <Button
          variant="default"
          disabled={missing <= 0}
          loading={draw.isPending}
          onClick={() => draw.mutate()}
        >
          {missing > 0 ? `Draw the missing ${missing} by lot` : 'Draw by lot'}
        </Button>
        <span className={classes.note}>
          {chosen} of the {plan.calibration_cases} that the plan asks for are chosen.
          {missing > 0 && ' A lot among unread cases favours neither easy nor hard ones.'}
        </span>
      </div>
      {draw.error !== null && <Notice tone="failed">{draw.error.message}</Notice>}
    </>
  );
}
