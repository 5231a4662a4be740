import { Checkbox, Table, UnstyledButton } from '@mantine/core';
import type { CaseRow, HeldRead } from '../../api';
import { CASE_STATES, caseLabel, when } from '../words';
import { dueWords } from '../worklist/due';
import classes from './CasesTable.module.css';
import { type Held, holdWords, partWords, priorityWords } from './caseWords';
import { MadeBy } from './MadeBy';

interface CaseRowsProps {
  readonly rows: readonly CaseRow[];
  /** Null as long as nobody knows. */
  readonly heldOf: ((number: number) => Held) | null;
  /** Numbers. */
  readonly chosen: ReadonlySet<number>;
  readonly onChoose: (numbers: readonly number[], isChosen: boolean) => void;
  /** Shows what is kept of the scan; by id. */
  readonly onOpen: (id: number) => void;
}

export function CaseRows({ rows, heldOf, chosen, onChoose, onOpen }: CaseRowsProps) {
  const ticked = rows.filter(({ number }) => chosen.has(number)).length;
  return (
    <Table verticalSpacing={6} highlightOnHover aria-label="Cases">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={36}>
            <Checkbox
              size="xs"
              aria-label="All cases of this page"
              checked={ticked === rows.length}
              indeterminate={ticked > 0 && ticked < rows.length}
              onChange={(event) =>
                onChoose(
                  rows.map(({ number }) => number),
                  event.currentTarget.checked,
                )
              }
            />
          </Table.Th>
          <Table.Th>Case</Table.Th>
          <Table.Th>Name</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Split</Table.Th>
          <Table.Th w={280}>Held by</Table.Th>
          <Table.Th>Due, priority</Table.Th>
          <Table.Th>Pre-annotation</Table.Th>
          <Table.Th ta="right">Changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Row
            key={row.id}
            row={row}
            held={heldOf === null ? null : heldOf(row.number)}
            isChosen={chosen.has(row.number)}
            onChoose={(isChosen) => onChoose([row.number], isChosen)}
            onOpen={() => onOpen(row.id)}
          />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface RowProps {
  readonly row: CaseRow;
  readonly held: Held | null;
  readonly isChosen: boolean;
  readonly onChoose: (isChosen: boolean) => void;
  readonly onOpen: () => void;
}

function Row({ row, held, isChosen, onChoose, onOpen }: RowProps) {
  const state = row.split === 'test' ? 'test' : row.state;
  return (
    <Table.Tr data-chosen={isChosen || undefined} className={classes.row}>
      <Table.Td>
        <Checkbox
          size="xs"
          aria-label={`Choose ${caseLabel(row.number)}`}
          checked={isChosen}
          onChange={(event) => onChoose(event.currentTarget.checked)}
        />
      </Table.Td>
      <Table.Td fw={600} className={classes.number}>
        <UnstyledButton
          className={classes.open}
          onClick={onOpen}
          aria-label={`What is kept of ${caseLabel(row.number)}`}
        >
          {caseLabel(row.number)}
        </UnstyledButton>
      </Table.Td>
      <Table.Td>{row.name}</Table.Td>
      <Table.Td className={classes.number}>
        <span className={classes.state} data-state={state}>
          {CASE_STATES[state]}
        </span>
        {!row.spacing_known && <div className={classes.part}>spacing unknown</div>}
        {partWords(row).map((words) => (
          <div key={words} className={classes.part}>
            {words}
          </div>
        ))}
      </Table.Td>
      <Table.Td c="dimmed">{row.split}</Table.Td>
      <Table.Td>{held !== null && <Holders row={row} held={held} />}</Table.Td>
      <Table.Td className={classes.due}>
        <DueCell dueAt={dueOf(row, held)} />
        {row.priority !== 0 && <div className={classes.part}>{priorityWords(row.priority)}</div>}
      </Table.Td>
      <Table.Td>
        <MadeBy row={row} />
      </Table.Td>
      <Table.Td ta="right" c="dimmed" className={classes.number}>
        {when(row.updated_at)}
      </Table.Td>
    </Table.Tr>
  );
}

/** The reader's own date, which may be another than the case's. */
function dueOf(row: CaseRow, held: Held | null): string | null {
  const dates = (held?.open ?? []).map(({ due_at: due }) => due).filter((due) => due !== null);
  return dates.toSorted()[0] ?? row.due_at;
}

function DueCell({ dueAt }: { readonly dueAt: string | null }) {
  if (dueAt === null) {
    return '—';
  }
  const { words, isPressing } = dueWords(dueAt, new Date());
  return (
    <time dateTime={dueAt} title={when(dueAt)} data-pressing={isPressing || undefined}>
      {words}
    </time>
  );
}

/** Who has it now; else who had it last. Why it was skipped is for the lead to read. */
function Holders({ row, held }: { readonly row: CaseRow; readonly held: Held }) {
  const [skip] = held.skipped;
  return (
    <>
      {held.open.map((read) => (
        <Holder key={read.id} read={read} hasParts={row.parts.length > 1} />
      ))}
      {held.open.length === 0 && skip === undefined && <LastReader name={row.reader} />}
      {skip !== undefined && (
        <div className={classes.skipped} title={held.skipped.map(skipWords).join('\n')}>
          {skipWords(skip)}
        </div>
      )}
    </>
  );
}

function LastReader({ name }: { readonly name: string | null }) {
  return name === null ? '—' : <span className={classes.quiet}>last {name}</span>;
}

function skipWords({ reader, skip_reason: reason }: HeldRead): string {
  return `${reader} skipped it: ${reason}`;
}

function Holder({ read, hasParts }: { readonly read: HeldRead; readonly hasParts: boolean }) {
  return (
    <div className={classes.holder}>
      {read.reader}{' '}
      <span className={classes.quiet}>
        {hasParts && read.group !== null && `${read.group}, `}
        {holdWords(read, new Date())}
      </span>
    </div>
  );
}
