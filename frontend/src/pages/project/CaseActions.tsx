import { Button, Group, NativeSelect, Popover, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import {
  type CaseRow,
  type HeldRead,
  useAssign,
  useAtlases,
  useMembers,
  useSetDue,
  useSetPriority,
  useTakeOver,
} from '../../api';
import { dueWords } from '../worklist/due';
import { GiveSpacing } from './arrivals/GiveSpacing';
import { HeldCase } from './arrivals/HeldCase';
import classes from './CasesTable.module.css';
import { cases, endOfDay, PRIORITIES, priorityWords, readerChoice, takeSentence } from './caseWords';

const HINT =
  'Tick cases to assign them to a reader, to give them a due date or a priority, or to take them over.';

interface CaseActionsProps {
  readonly project: number;
  /** Their numbers. */
  readonly chosen: readonly number[];
  /** The same ones as the table shows them. */
  readonly rows: readonly CaseRow[];
  /** What can be taken over among them. */
  readonly reads: readonly HeldRead[];
  readonly onDone: () => void;
}

/** What a lead does with the cases that are ticked. It is there before one is, so that the table stays put. */
export function CaseActions({ project, chosen, rows, reads, onDone }: CaseActionsProps) {
  const [reader, setReader] = useState('');
  const [date, setDate] = useState('');
  const act = useActions(project, onDone);
  const readers = useReaders(project);
  const isIdle = chosen.length === 0 || act.isPending;
  const given = { cases: chosen, dueAt: endOfDay(date) };
  return (
    <section className={classes.actions} aria-label="Actions on the chosen cases">
      <span className={classes.chosen}>{cases(chosen.length)}</span>
      <NativeSelect
        size="xs"
        w={240}
        aria-label="Reader"
        data={[{ value: '', label: 'Reader…' }, ...readers]}
        value={reader}
        onChange={(event) => setReader(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        type="date"
        aria-label="Due date"
        value={date}
        onChange={(event) => setDate(event.currentTarget.value)}
      />
      <Button size="xs" disabled={isIdle || reader === ''} onClick={() => act.assign({ ...given, reader })}>
        Assign
      </Button>
      <Button size="xs" variant="default" disabled={isIdle} onClick={() => act.setDue(given)}>
        {date === '' ? 'Remove due date' : 'Set due date'}
      </Button>
      <NativeSelect
        size="xs"
        w={116}
        aria-label="Priority"
        title="Among cases that are due alike, the higher one is read first. Readers are not told."
        disabled={isIdle}
        data={[{ value: '', label: 'Priority…' }, ...PRIORITIES]}
        value=""
        onChange={(event) => act.setPriority(chosen, Number(event.currentTarget.value))}
      />
      <Button
        size="xs"
        variant="default"
        disabled={isIdle}
        title="Lay the accepted cases most like them onto the ticked ones; readers begin from what comes of it"
        onClick={() => act.propagate(chosen)}
      >
        Pre-annotate
      </Button>
      <Arrival project={project} rows={rows} onDone={onDone} />
      <TakeOver reads={act.isPending ? [] : reads} onTake={act.takeOver} />
      <Said problem={act.problem} done={act.done === '' && chosen.length === 0 ? HINT : act.done} />
    </section>
  );
}

/** What a single ticked case needs from a lead before anybody else gets it. */
function Arrival({ project, rows, onDone }: Pick<CaseActionsProps, 'project' | 'rows' | 'onDone'>) {
  const [row, ...more] = rows;
  if (row === undefined || more.length > 0) {
    return null;
  }
  return (
    <>
      {row.state === 'held' && <HeldCase key={row.id} project={project} row={row} onDone={onDone} />}
      {!row.spacing_known && <GiveSpacing key={row.id} project={project} row={row} onDone={onDone} />}
    </>
  );
}

function Said({ problem, done }: { readonly problem: string | null; readonly done: string }) {
  return problem === null ? (
    <span className={classes.said} role="status">
      {done}
    </span>
  ) : (
    <span className={classes.said} data-problem role="alert">
      {problem}
    </span>
  );
}

function useReaders(project: number) {
  const members = useMembers(project).data ?? [];
  return members.filter(({ active }) => active).map(readerChoice);
}

interface TakeOverProps {
  readonly reads: readonly HeldRead[];
  readonly onTake: (reads: readonly HeldRead[]) => void;
}

/** The only one that takes something from somebody, so that it asks. */
function TakeOver({ reads, onTake }: TakeOverProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <Popover
      opened={isAsking && reads.length > 0}
      onChange={setAsking}
      position="bottom-end"
      width={320}
      trapFocus
      returnFocus
      shadow="md"
    >
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          disabled={reads.length === 0}
          title={reads.length === 0 ? 'None of the ticked cases is with a reader' : undefined}
          onClick={() => setAsking(!isAsking)}
        >
          Take over…
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text fz="sm" mb="xs">
          {takeSentence(reads)}
        </Text>
        <Group gap="xs">
          <Button
            size="compact-sm"
            data-autofocus
            onClick={() => {
              setAsking(false);
              onTake(reads);
            }}
          >
            Take over
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setAsking(false)}>
            Leave it
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}

interface Given {
  readonly cases: readonly number[];
  readonly dueAt: string | null;
}

function useActions(project: number, onDone: () => void) {
  const [done, setDone] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const assign = useAssign(project);
  const setDue = useSetDue(project);
  const setPriority = useSetPriority(project);
  const takeOver = useTakeOver(project);
  const atlases = useAtlases(project);
  const run = async (work: Promise<unknown>, sentence: string): Promise<void> => {
    setProblem(null);
    setDone('');
    try {
      await work;
      setDone(sentence);
      onDone();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return {
    done,
    problem,
    isPending: [assign, setDue, setPriority, takeOver, atlases].some((one) => one.isPending),
    assign: (given: Given & { readonly reader: string }) =>
      void run(
        assign.mutateAsync(given),
        `${cases(given.cases.length)} assigned to ${given.reader}${dueSuffix(given)}.`,
      ),
    setDue: (given: Given) =>
      void run(
        setDue.mutateAsync(given),
        given.dueAt === null
          ? `${cases(given.cases.length)} without a due date.`
          : `${cases(given.cases.length)}${dueSuffix(given)}.`,
      ),
    setPriority: (numbers: readonly number[], priority: number) =>
      void run(
        setPriority.mutateAsync({ cases: numbers, priority }),
        `${cases(numbers.length)}: ${priorityWords(priority) || 'usual'} priority.`,
      ),
    propagate: (numbers: readonly number[]) =>
      void run(
        atlases.mutateAsync(numbers),
        `${cases(numbers.length)} ${numbers.length === 1 ? 'waits' : 'wait'} for labels from accepted cases.`,
      ),
    takeOver: (reads: readonly HeldRead[]) =>
      void run(
        takeOver.mutateAsync(reads.map(({ id }) => id)),
        `${reads.length === 1 ? '1 read' : `${reads.length} reads`} taken over.`,
      ),
  };
}

function dueSuffix({ dueAt }: Given): string {
  return dueAt === null ? '' : `, ${dueWords(dueAt, new Date()).words}`;
}
