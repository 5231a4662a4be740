import { Button, NativeSelect, NumberInput, Table } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type Project, type StructureGoal, useChangeGoals, useGoals } from '../../../../api';
import { Notice } from '../../../shell/Notice';
import { score } from '../../../words';
import classes from './rounds.module.css';

/** What each structure should reach: a test Dice, a number of accepted cases, or both. */
export function Goals({ project }: { readonly project: Project }) {
  const asked = useGoals(project.id);
  const change = useChangeGoals(project.id);
  const rows = asked.data;
  return (
    <section aria-label="Goals">
      <h3 className={classes.heading}>Goals</h3>
      <p className={classes.quiet}>
        What each structure should reach. Forecasts say how many more cases that takes, and strategies prefer
        what is furthest from its goal.
      </p>
      {asked.error !== null && <Notice tone="failed">{asked.error.message}</Notice>}
      {rows !== undefined && rows.length > 0 && (
        <Listing
          project={project}
          rows={rows}
          isPending={change.isPending}
          onRemove={(gone) => change.mutate(rows.filter(({ structure }) => structure !== gone))}
        />
      )}
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      {rows !== undefined && project.structures.length > 0 && (
        <Adding
          project={project}
          isPending={change.isPending}
          onAdd={(added) =>
            change.mutate([...rows.filter((row) => row.structure !== added.structure), added])
          }
        />
      )}
    </section>
  );
}

interface ListingProps {
  readonly project: Project;
  readonly rows: readonly StructureGoal[];
  readonly isPending: boolean;
  readonly onRemove: (structure: string) => void;
}

function Listing({ project, rows, isPending, onRemove }: ListingProps) {
  const names = new Map(project.structures.map(({ key, name }) => [key, name]));
  const serving = project.models.find(({ state }) => state === 'serving');
  return (
    <div className={classes.scroll}>
      <Table verticalSpacing={4} stickyHeader aria-label="Goals of structures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Structure</Table.Th>
            <Table.Th ta="right">Dice now</Table.Th>
            <Table.Th ta="right">Dice to reach</Table.Th>
            <Table.Th ta="right">Accepted cases to reach</Table.Th>
            <Table.Th w={100} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ structure, dice, cases }) => {
            const name = names.get(structure) ?? structure;
            return (
              <Table.Tr key={structure}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ta="right">{score(serving?.scores[structure]?.dice)}</Table.Td>
                <Table.Td ta="right">{score(dice)}</Table.Td>
                <Table.Td ta="right">{cases ?? '—'}</Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-xs"
                    variant="default"
                    disabled={isPending}
                    aria-label={`Remove the goal of ${name}`}
                    onClick={() => onRemove(structure)}
                  >
                    Remove
                  </Button>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface AddingProps {
  readonly project: Project;
  readonly isPending: boolean;
  readonly onAdd: (added: StructureGoal) => void;
}

function Adding({ project, isPending, onAdd }: AddingProps) {
  const [structure, setStructure] = useState(project.structures[0]?.key ?? '');
  const [dice, setDice] = useState<number | ''>(0.9);
  const [cases, setCases] = useState<number | ''>('');
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onAdd({ structure, dice: dice === '' ? null : dice, cases: cases === '' ? null : cases });
  };
  const number = (typed: number | string): number | '' => (typed === '' ? '' : Number(typed));
  return (
    <form className={classes.adding} onSubmit={send}>
      <NativeSelect
        label="Structure"
        data={project.structures.map(({ key, name }) => ({ value: key, label: name }))}
        value={structure}
        onChange={(event) => setStructure(event.currentTarget.value)}
      />
      <NumberInput
        className={classes.narrow}
        label="Test Dice"
        min={0.01}
        max={0.999}
        step={0.01}
        decimalScale={3}
        placeholder="none"
        value={dice}
        onChange={(typed) => setDice(number(typed))}
      />
      <NumberInput
        className={classes.narrow}
        label="Accepted cases"
        min={1}
        max={100000}
        allowDecimal={false}
        placeholder="none"
        value={cases}
        onChange={(typed) => setCases(number(typed))}
      />
      <Button type="submit" variant="default" loading={isPending} disabled={dice === '' && cases === ''}>
        Set the goal
      </Button>
    </form>
  );
}
