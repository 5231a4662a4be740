import { Anchor, Badge, Table, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { folderAddress, type Model, type Project, type Structure } from '../../api';
import { MODEL_STATES, score, when } from '../words';
import classes from './ModelsTable.module.css';

const COLOURS: Readonly<Record<Model['state'], string>> = {
  serving: 'accent',
  candidate: 'yellow',
  retired: 'gray',
  rejected: 'red',
};

const OTHER_TOLERANCE = 'Measured at another tolerance than the one in force, so it is left out.';

export function ModelsTable({ project }: { readonly project: Project }) {
  const serving = project.models.find(({ state }) => state === 'serving');
  const [openId, setOpenId] = useState<number | null>(serving?.id ?? project.models[0]?.id ?? null);
  if (project.models.length === 0) {
    return (
      <p className={classes.empty}>
        No model yet. Accept a few cases, then press <strong>Retrain now</strong>: the first model makes
        predictions for every waiting case.
      </p>
    );
  }
  return (
    <Table verticalSpacing={8} aria-label="Models">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Model</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th ta="right">Mean test Dice</Table.Th>
          <Table.Th ta="right">Trained on</Table.Th>
          <Table.Th>Made</Table.Th>
          <Table.Th>Gate</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {project.models.map((model) => (
          <ModelRows
            key={model.id}
            model={model}
            project={project}
            isOpen={model.id === openId}
            onToggle={() => setOpenId(model.id === openId ? null : model.id)}
          />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface ModelRowsProps {
  readonly model: Model;
  readonly project: Project;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function ModelRows({ model, project, isOpen, onToggle }: ModelRowsProps) {
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <UnstyledButton className={classes.toggle} aria-expanded={isOpen} onClick={onToggle}>
            <Chevron size={14} aria-hidden /> Model {model.version}
          </UnstyledButton>
        </Table.Td>
        <Table.Td>
          <Badge variant="light" color={COLOURS[model.state]} tt="none">
            {MODEL_STATES[model.state]}
          </Badge>
        </Table.Td>
        <Table.Td ta="right">{score(model.mean_dice)}</Table.Td>
        <Table.Td ta="right">{model.train_cases} cases</Table.Td>
        <Table.Td>{when(model.created_at)}</Table.Td>
        <Table.Td className={classes.gate}>{model.gate?.sentence ?? '—'}</Table.Td>
      </Table.Tr>
      {isOpen && (
        <Table.Tr>
          <Table.Td colSpan={6} className={classes.detail}>
            <Scores model={model} structures={project.structures} />
            {project.role === 'lead' && <Ways project={project.id} version={model.version} />}
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

/** To the model's card, and its folder as a file. */
function Ways({ project, version }: { readonly project: number; readonly version: number }) {
  return (
    <p className={classes.ways}>
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link
            to="/projects/$projectId/models/$version"
            params={{ projectId: String(project), version: String(version) }}
            {...props}
          />
        )}
      >
        Card of model {version}
      </Anchor>
      <Anchor size="sm" href={folderAddress(project, version)} download>
        Download its folder
      </Anchor>
    </p>
  );
}

/** Bars of one scale, 0 to 1, so that structures can be compared at a glance. */
function Scores({ model, structures }: { readonly model: Model; readonly structures: readonly Structure[] }) {
  const scored = structures.filter(({ key }) => model.scores[key] !== undefined);
  if (scored.length === 0) {
    return (
      <p className={classes.empty}>
        No test case has been scored. Import cases with labels into the test split to see how good this model
        is.
      </p>
    );
  }
  return (
    <table className={classes.scores} aria-label={`Scores of model ${model.version}`}>
      <thead>
        <tr>
          <th>Structure</th>
          <th colSpan={2}>Dice</th>
          <th>Surface Dice</th>
          <th>Tolerance</th>
          <th>n</th>
        </tr>
      </thead>
      <tbody>
        {scored.map((structure) => (
          <ScoreRow key={structure.key} structure={structure} found={model.scores[structure.key]} />
        ))}
      </tbody>
    </table>
  );
}

interface ScoreRowProps {
  readonly structure: Structure;
  readonly found: Model['scores'][string] | undefined;
}

function ScoreRow({ structure, found }: ScoreRowProps) {
  return (
    <tr>
      <td>
        <span className={classes.dot} style={{ background: structure.colour }} /> {structure.name}
      </td>
      <td className={classes.bar}>
        <span style={{ width: `${100 * (found?.dice ?? 0)}%` }} />
      </td>
      <td>{score(found?.dice)}</td>
      <td title={found?.other_tolerance === true ? OTHER_TOLERANCE : undefined}>
        {found?.other_tolerance === true ? 'other tolerance' : score(found?.surface_dice)}
      </td>
      <td>{structure.tolerance_mm} mm</td>
      <td>{found?.n ?? 0}</td>
    </tr>
  );
}
