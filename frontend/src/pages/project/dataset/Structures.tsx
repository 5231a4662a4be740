import { Anchor, Button, NativeSelect, NumberInput, Progress, Table } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import { type DatasetStructure, rowsAddress, useChangeGoal, useChangePriority } from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './dataset.module.css';
import { Count } from './Groups';
import type { SectionProps } from './section';
import { asQuery, byNeed, PRIORITIES, progress, publishedWords } from './words';

const HEADS = [
  ['Annotated', 'Accepted cases that say where it is, or that it is not there'],
  ['Present', 'Of these, cases that show it'],
  ['Absent', 'Of these, cases in which it is not there'],
  ['Not annotated', 'Cases of which nobody says anything about it'],
  ['Read / imported', 'Annotated cases that were accepted here, and that came with their delineation'],
  ['P / V / T', 'Annotated cases of the pool, for validation, for the test'],
] as const;

/** Structures by need: how many cases say something of them, what a lead wants, how well people agree. */
export function Structures(given: SectionProps) {
  const { project, dataset, narrowed } = given;
  const goal = useChangeGoal(project.id);
  const priority = useChangePriority(project.id);
  const problem = goal.error ?? priority.error;
  return (
    <section className={classes.wide} aria-label="Structures">
      <h2 className={classes.heading}>
        Which structures are annotated?{' '}
        <Anchor size="xs" href={rowsAddress(project.id, 'dataset_structures', asQuery(narrowed), 'csv')}>
          CSV
        </Anchor>
      </h2>
      <p className={classes.quiet}>
        Absent is not the same as not annotated. A goal counts annotated cases of the pool; strategies prefer
        what is furthest from its goal, twice as much for each step of priority.
      </p>
      {problem !== null && <Notice tone="failed">{problem.message}</Notice>}
      <div className={classes.scroll}>
        <Table verticalSpacing={4} stickyHeader aria-label="Structures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Structure</Table.Th>
              {HEADS.map(([head, title]) => (
                <Table.Th key={head} ta="right" title={title}>
                  {head}
                </Table.Th>
              ))}
              <Table.Th w={110}>Priority</Table.Th>
              <Table.Th w={230}>Goal (cases)</Table.Th>
              <Table.Th title="Dice between people, as published">People agree</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {byNeed(dataset.structures).map((row) => (
              <Line
                key={row.structure}
                {...given}
                row={row}
                onGoal={(cases) => goal.mutate({ structure: row.structure, dice: row.goal_dice, cases })}
                onPriority={(steps) => priority.mutate({ structure: row.structure, priority: steps })}
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

interface LineProps extends SectionProps {
  readonly row: DatasetStructure;
  readonly onGoal: (cases: number | null) => void;
  readonly onPriority: (steps: number) => void;
}

function Line({ row, narrowed, onOpen, onGoal, onPriority }: LineProps) {
  const cell = (n: number, shown: string) => (
    <Count
      n={n}
      title={`${row.name}, ${shown.replaceAll('_', ' ')}`}
      onOpen={() => onOpen({ ...narrowed, structure: row.structure, shown })}
    />
  );
  return (
    <Table.Tr>
      <Table.Td fw={600}>{row.name}</Table.Td>
      <Table.Td ta="right">{cell(row.annotated, 'annotated')}</Table.Td>
      <Table.Td ta="right">{cell(row.present, 'present')}</Table.Td>
      <Table.Td ta="right">
        {cell(row.absent, 'absent')}
        {row.uncounted > 0 && <span className={classes.quiet}> +{row.uncounted}?</span>}
      </Table.Td>
      <Table.Td ta="right">{cell(row.not_annotated, 'not_annotated')}</Table.Td>
      <Table.Td ta="right" className={classes.number}>
        {cell(row.read, 'read')} / {cell(row.imported, 'imported')}
      </Table.Td>
      <Table.Td ta="right" className={classes.number}>
        {row.pool} / {row.validation} / {row.test}
      </Table.Td>
      <Table.Td>
        <NativeSelect
          size="xs"
          aria-label={`Priority of ${row.name}`}
          data={[...PRIORITIES]}
          value={String(row.priority)}
          onChange={(event) => onPriority(Number(event.currentTarget.value))}
        />
      </Table.Td>
      <Table.Td>
        <GoalCell row={row} onGoal={onGoal} />
      </Table.Td>
      <Table.Td>
        {row.published_source === '' ? (
          <span className={classes.none}>—</span>
        ) : (
          <Anchor
            size="sm"
            href={row.published_address}
            target="_blank"
            rel="noreferrer"
            title={`${row.published_source}: ${row.published_what} (${row.published_kind})`}
          >
            {publishedWords(row)}
          </Anchor>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** The goal as it is, with how far; a press opens the field. */
function GoalCell({ row, onGoal }: Pick<LineProps, 'row' | 'onGoal'>) {
  const [typed, setTyped] = useState<number | '' | null>(null);
  const done = progress(row);
  if (typed === null) {
    return (
      <Button
        size="compact-xs"
        variant="subtle"
        fullWidth
        aria-label={`Goal of ${row.name}`}
        onClick={() => setTyped(row.goal_cases ?? '')}
      >
        {done === null ? (
          'Set a goal'
        ) : (
          <span className={classes.goal}>
            {row.pool} of {row.goal_cases}
            <Progress value={done} size="sm" w={90} aria-label={`${Math.round(done)} % of the goal`} />
          </span>
        )}
      </Button>
    );
  }
  const store = (): void => {
    onGoal(typed === '' ? null : typed);
    setTyped(null);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      store();
    } else if (event.key === 'Escape') {
      setTyped(null);
    }
  };
  return (
    <span className={classes.goal}>
      <NumberInput
        size="xs"
        w={90}
        autoFocus
        aria-label={`Cases wanted of ${row.name}`}
        placeholder="none"
        min={1}
        max={1_000_000}
        allowDecimal={false}
        value={typed}
        onChange={(value) => setTyped(value === '' ? '' : Number(value))}
        onKeyDown={onKey}
      />
      <Button size="compact-xs" onClick={store}>
        {typed === '' ? 'Remove' : 'Set'}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => setTyped(null)}>
        Cancel
      </Button>
    </span>
  );
}
