import { Button, Table } from '@mantine/core';
import { useState } from 'react';
import { type Project, type Structure, useAddStructures, useGroups, useRemoveStructure } from '../../api';
import { Notice } from '../shell/Notice';
import { CatalogueList } from '../wizard/CatalogueList';
import classes from './SettingsTab.module.css';

/** The structures with their layers and values; more can be added, and those that nothing refers to removed. */
export function ProjectStructures({ project }: { readonly project: Project }) {
  const [isAdding, setAdding] = useState(false);
  return (
    <section className={classes.structures} aria-label="Structures">
      <h2 className={classes.title}>Structures</h2>
      <p className={classes.quiet}>
        {project.structures.length === 0
          ? 'There are none yet: add some, or let the names in the label maps of the first import make them.'
          : 'Layers and values stand in the masks and never change. Cases that are open when a structure is added say nothing about it.'}
      </p>
      <StructureTable project={project} />
      <WithoutGroup project={project} />
      {isAdding ? (
        <Adding project={project} onClose={() => setAdding(false)} />
      ) : (
        <Button mt="md" variant="default" onClick={() => setAdding(true)}>
          Add structures
        </Button>
      )}
    </section>
  );
}

/** In a project that divides its structures, one that was added belongs to nobody until it is in a group. */
function WithoutGroup({ project }: { readonly project: Project }) {
  const groups = useGroups(project.id).data ?? [];
  const grouped = new Set(groups.flatMap(({ structures }) => structures));
  const left = project.structures.filter(({ key }) => !grouped.has(key));
  if (groups.length === 0 || left.length === 0) {
    return null;
  }
  return (
    <Notice tone="needsYou">
      In no group: {left.map(({ name }) => name).join(', ')}. Nobody is given them to draw until they are put
      into one under Plan.
    </Notice>
  );
}

function StructureTable({ project }: { readonly project: Project }) {
  const remove = useRemoveStructure(project.id);
  if (project.structures.length === 0) {
    return null;
  }
  return (
    <>
      {remove.error !== null && <Notice tone="failed">{remove.error.message}</Notice>}
      <div className={classes.table}>
        <Table verticalSpacing={4} aria-label="Structures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Structure</Table.Th>
              <Table.Th ta="right">Value</Table.Th>
              <Table.Th ta="right">Layer</Table.Th>
              <Table.Th ta="right">Tolerance of surface Dice</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {project.structures.map((structure) => (
              <StructureRow
                key={structure.key}
                structure={structure}
                isPending={remove.isPending && remove.variables === structure.key}
                onRemove={() => remove.mutate(structure.key)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

interface StructureRowProps {
  readonly structure: Structure;
  readonly isPending: boolean;
  readonly onRemove: () => void;
}

function StructureRow({ structure, isPending, onRemove }: StructureRowProps) {
  return (
    <Table.Tr>
      <Table.Td>
        <span className={classes.dot} style={{ background: structure.colour }} />
        {structure.name}
      </Table.Td>
      <Table.Td ta="right">{structure.value}</Table.Td>
      <Table.Td ta="right">{structure.layer + 1}</Table.Td>
      <Table.Td ta="right">{structure.tolerance_mm} mm</Table.Td>
      <Table.Td ta="right">
        <Button
          size="compact-xs"
          variant="default"
          loading={isPending}
          aria-label={`Remove ${structure.name}`}
          onClick={onRemove}
        >
          Remove
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function Adding({ project, onClose }: { readonly project: Project; readonly onClose: () => void }) {
  const add = useAddStructures(project.id);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  return (
    <div className={classes.adding}>
      <CatalogueList
        chosen={chosen}
        fixed={project.structures.map(({ key }) => key)}
        onAdd={(key) => setChosen([...chosen, key])}
        onRemove={(key) => setChosen(chosen.filter((other) => other !== key))}
      />
      {add.error !== null && <Notice tone="failed">{add.error.message}</Notice>}
      <div className={classes.line}>
        <Button
          disabled={chosen.length === 0}
          loading={add.isPending}
          onClick={() => add.mutate(chosen, { onSuccess: onClose })}
        >
          {chosen.length < 2 ? 'Add it' : `Add these ${chosen.length}`}
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
