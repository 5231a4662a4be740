import { Table } from '@mantine/core';
import type { OperationsWorker } from '../../api';
import { duration } from '../words';
import classes from './Operations.module.css';
import { State } from './State';
import { ago, taskWords, workerState } from './words';

/** Every worker that was heard of today, and what it has in hand; null: the broker is away. */
export function Workers({ workers }: { readonly workers: readonly OperationsWorker[] | null }) {
  return (
    <section className={classes.panel} aria-label="Workers">
      <h2>Workers</h2>
      {workers === null && <p className={classes.quiet}>Not known while the broker is away.</p>}
      {workers?.length === 0 && (
        <p className={classes.quiet}>
          No worker has said that it is there. Start one:{' '}
          <code>docker compose up -d worker-cpu trainer-cpu</code>.
        </p>
      )}
      {workers !== null && workers.length > 0 && <Rows workers={workers} />}
    </section>
  );
}

function Rows({ workers }: { readonly workers: readonly OperationsWorker[] }) {
  return (
    <Table verticalSpacing={6} aria-label="Workers">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Worker</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Has in hand</Table.Th>
          <Table.Th>Serves</Table.Th>
          <Table.Th>Last task</Table.Th>
          <Table.Th>Up for</Table.Th>
          <Table.Th>Version</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {workers.map((worker) => (
          <Table.Tr key={worker.name}>
            <Table.Td>{worker.name}</Table.Td>
            <Table.Td>
              <State said={workerState(worker)} />
            </Table.Td>
            <Table.Td>
              {worker.busy.length === 0
                ? '—'
                : worker.busy
                    .map(({ task, job_id, for_s }) =>
                      [
                        taskWords(task),
                        job_id === null ? '' : `(job ${job_id})`,
                        `for ${duration(for_s)}`,
                      ].join(' '),
                    )
                    .join(', ')}
            </Table.Td>
            <Table.Td>{worker.queues.join(', ') || '—'}</Table.Td>
            <Table.Td>{worker.worked_s === null ? 'none yet' : ago(worker.worked_s)}</Table.Td>
            <Table.Td>{duration(worker.up_s)}</Table.Td>
            <Table.Td>{worker.version}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
