import { Button, Switch, Table } from '@mantine/core';
import { useState } from 'react';
import { type Project, type Requirement, useChangeRequirements, useRequirements } from '../../../api';
import { Notice } from '../../shell/Notice';
import { AddingRequirement } from './AddingRequirement';
import classes from './Plan.module.css';
import { isSameRequirement, type RequiredRow, requiredRows } from './required';
import { Section } from './Section';
import { COMPARATORS, METRICS, thresholdWords } from './words';

const MANY = 12;

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
          <AddingRequirement
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
