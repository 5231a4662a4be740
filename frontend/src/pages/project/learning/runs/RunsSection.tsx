import { Anchor, Badge, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type Project, type RunRow, useRuns } from '../../../../api';
import { MODEL_STATES, when } from '../../../words';
import classes from './runs.module.css';
import { askedBy, casesOf, STATES, timeTaken } from './words';

/** Every training of the project, the newest first. */
export function RunsSection({ project }: { readonly project: Project }) {
  const runs = useRuns(project.id);
  if (runs.data === undefined) {
    return runs.error === null ? null : <p className={classes.problem}>{runs.error.message}</p>;
  }
  if (runs.data.length === 0) {
    return (
      <p className={classes.quiet}>No training has run yet. The first accepted case can be learned from.</p>
    );
  }
  return (
    <Table verticalSpacing={8} aria-label="Trainings">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Training</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Why</Table.Th>
          <Table.Th ta="right">Train / validate / test</Table.Th>
          <Table.Th ta="right">Took</Table.Th>
          <Table.Th>Begun</Table.Th>
          <Table.Th>Model</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {runs.data.map((run) => (
          <Row key={run.id} run={run} project={project.id} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface RowProps {
  readonly run: RunRow;
  readonly project: number;
}

function Row({ run, project }: RowProps) {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor
          renderRoot={(props) => (
            <Link
              to="/projects/$projectId/runs/$runId"
              params={{ projectId: String(project), runId: String(run.id) }}
              {...props}
            />
          )}
        >
          Training {run.number}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={STATES[run.state].colour} tt="none">
          {STATES[run.state].word}
        </Badge>
      </Table.Td>
      <Table.Td>{askedBy(run)}</Table.Td>
      <Table.Td ta="right">{casesOf(run)}</Table.Td>
      <Table.Td ta="right">{timeTaken(run)}</Table.Td>
      <Table.Td>{run.started_at === null ? '—' : when(run.started_at)}</Table.Td>
      <Table.Td>
        {run.model === null
          ? '—'
          : `Model ${run.model.version}, ${MODEL_STATES[run.model.state].toLowerCase()}`}
      </Table.Td>
    </Table.Tr>
  );
}
