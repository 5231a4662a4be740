import { Button, Table } from '@mantine/core';
import { type FailedJob, useRetryJob } from '../../api';
import { Notice } from '../shell/Notice';
import { when } from '../words';
import classes from './Operations.module.css';
import { KINDS } from './words';

/** What went wrong in the last 30 days, with the way on. */
export function FailedJobs({ jobs }: { readonly jobs: readonly FailedJob[] }) {
  const retry = useRetryJob();
  return (
    <section className={classes.panel} aria-label="Failed jobs">
      <h2>Failed jobs</h2>
      {retry.error !== null && <Notice tone="failed">{retry.error.message}</Notice>}
      <p className={classes.quiet} role="status">
        {retry.data !== undefined && `Job ${retry.data.id} waits again.`}
      </p>
      {jobs.length === 0 ? (
        <p className={classes.quiet}>No job has failed in the last 30 days.</p>
      ) : (
        <Table verticalSpacing={6} aria-label="Failed jobs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Job</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th>Project</Table.Th>
              <Table.Th>Why</Table.Th>
              <Table.Th>Failed</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {jobs.map((job) => (
              <Table.Tr key={job.id}>
                <Table.Td className={classes.number}>{job.id}</Table.Td>
                <Table.Td>{KINDS[job.kind]}</Table.Td>
                <Table.Td>{job.project}</Table.Td>
                <Table.Td className={classes.why}>{job.error}</Table.Td>
                <Table.Td className={classes.number}>
                  {job.finished_at === null ? '—' : when(job.finished_at)}
                </Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`Retry job ${job.id}`}
                    loading={retry.isPending && retry.variables === job.id}
                    onClick={() => retry.mutate(job.id)}
                  >
                    Retry
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
