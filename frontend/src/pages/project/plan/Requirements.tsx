import { Button, NativeSelect, NumberInput, Switch, Table } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type Project, type Requirement, useChangeRequirements, useRequirements } from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './Plan.module.css';
import { isSameRequirement, type RequiredRow, requiredRows } from './required';
import { Section } from './Section';
import { COMPARATORS, isDistance, METRICS, thresholdWords } from './words';

const MANY = 12;
const METRIC_CHOICES = Object.entries(METRICS).map(([value, label]) => ({ value, label }));
const COMPARATOR_CHOICES = Object.entries(COMPARATORS).map(([value, label]) => ({ value, label }));

/** What an agreement must reach. */
export function Requirements({ project }: { readonly project: Project }) {
  const set = useRequirements(project.id);
  const change = useChangeRequirements(project.id);
  return (
    <Section
      title="What agreement must reach"
      lead="Against another reader: two blind reads that meet all of it are accepted without an adjudication; without any such requirement each pair is adjudicated. Against the reviewer: a fix that changes more is decided by somebody else. Against the prediction: a read that changes more is reviewed even if it was not drawn for that. Against the known answer: readers see on their own page whether they meet it. A structure’s own requirement takes the place of the one for all."
      asked={set}
    >
      {(rows) => (
        <>
          {rows.length > 0 && (
            <Listing
              project={project}
              rows={rows}
              isPending={change.isPending}
              onRemove={(gone) => change.mutate(rows.filter((row) => !isSameRequirement(row, gone)))}
            />
          )}
          {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
          <Adding
            project={project}
            rows={rows}
            isPending={change.isPending}
            onAdd={(added) => change.mutate([...rows.filter((row) => !isSameRequirement(row, added)), added])}
          />
        </>
      )}
    </Section>
  );
}

interface ListingProps {
  readonly project: Project;
  readonly rows: readonly Requirement[];
  readonly isPending: boolean;
  readonly onRemove: (gone: Requirement) => void;
}

function Listing({ project, rows, isPending, onRemove }: ListingProps) {
  const [withInherited, setWithInherited] = useState(project.structures.length <= MANY);
  const names = new Map(project.structures.map(({ key, name }) => [key, name]));
  return (
    <>
      <Switch
        mb="xs"
        size="xs"
        label="Show what each structure inherits"
        checked={withInherited}
        onChange={(event) => setWithInherited(event.currentTarget.checked)}
      />
      <div className={classes.scroll}>
        <Table verticalSpacing={4} stickyHeader aria-label="Requirements">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Structure</Table.Th>
              <Table.Th>Metric</Table.Th>
              <Table.Th>Must be</Table.Th>
              <Table.Th>Against</Table.Th>
              <Table.Th w={100} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {requiredRows(rows, project.structures, withInherited).map((row) => (
              <Row
                key={`${row.structure} ${row.metric} ${row.comparator}`}
                row={row}
                name={row.structure === '' ? 'All structures' : (names.get(row.structure) ?? row.structure)}
                isPending={isPending}
                onRemove={() => onRemove(row)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

interface RowProps {
  readonly row: RequiredRow;
  readonly name: string;
  readonly isPending: boolean;
  readonly onRemove: () => void;
}

function Row({ row, name, isPending, onRemove }: RowProps) {
  return (
    <Table.Tr className={classes.row} data-inherited={row.inherited || undefined}>
      <Table.Td fw={row.structure === '' ? 600 : undefined}>{name}</Table.Td>
      <Table.Td>{METRICS[row.metric]}</Table.Td>
      <Table.Td>{thresholdWords(row)}</Table.Td>
      <Table.Td>{COMPARATORS[row.comparator]}</Table.Td>
      <Table.Td ta="right">
        {row.inherited ? (
          'inherited'
        ) : (
          <Button
            size="compact-xs"
            variant="default"
            disabled={isPending}
            aria-label={`Remove ${METRICS[row.metric]} of ${name}`}
            onClick={onRemove}
          >
            Remove
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

interface AddingProps {
  readonly project: Project;
  readonly rows: readonly Requirement[];
  readonly isPending: boolean;
  readonly onAdd: (added: Requirement) => void;
}

const FIRST: Requirement = { structure: '', metric: 'dice', threshold: 0.9, comparator: 'inter' };

function Adding({ project, rows, isPending, onAdd }: AddingProps) {
  const [given, setGiven] = useState(FIRST);
  const set = (changed: Partial<Requirement>): void => setGiven({ ...given, ...changed });
  const standing = rows.find((row) => isSameRequirement(row, given));
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onAdd(given);
  };
  const structures = [
    { value: '', label: 'All structures' },
    ...project.structures.map(({ key, name }) => ({ value: key, label: name })),
  ];
  return (
    <form className={classes.adding} onSubmit={send}>
      <NativeSelect
        className={classes.middle}
        label="Structure"
        data={structures}
        value={given.structure}
        onChange={(event) => set({ structure: event.currentTarget.value })}
      />
      <NativeSelect
        className={classes.middle}
        label="Metric"
        data={METRIC_CHOICES}
        value={given.metric}
        onChange={(event) => {
          const metric = event.currentTarget.value as Requirement['metric'];
          const isOther = isDistance(metric) !== isDistance(given.metric);
          set({ metric, ...(isOther && { threshold: isDistance(metric) ? 4 : 0.9 }) });
        }}
      />
      <Threshold given={given} onChange={(threshold) => set({ threshold })} />
      <NativeSelect
        className={classes.middle}
        label="Against"
        data={COMPARATOR_CHOICES}
        value={given.comparator}
        onChange={(event) => set({ comparator: event.currentTarget.value as Requirement['comparator'] })}
      />
      <Button
        type="submit"
        variant="default"
        loading={isPending}
        disabled={standing?.threshold === given.threshold}
      >
        {standing === undefined ? 'Require it' : 'Change it'}
      </Button>
    </form>
  );
}

interface ThresholdProps {
  readonly given: Requirement;
  readonly onChange: (threshold: number) => void;
}

function Threshold({ given, onChange }: ThresholdProps) {
  const isInMm = isDistance(given.metric);
  return (
    <NumberInput
      className={classes.narrow}
      label={isInMm ? 'At most' : 'At least'}
      min={0}
      max={isInMm ? 1000 : 1}
      step={isInMm ? 0.5 : 0.01}
      decimalScale={3}
      suffix={isInMm ? ' mm' : ''}
      value={given.threshold}
      onChange={(value) => typeof value === 'number' && onChange(value)}
    />
  );
}
