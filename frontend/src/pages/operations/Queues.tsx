import { Table } from '@mantine/core';
import type { OperationsQueue } from '../../api';
import { duration } from '../words';
import classes from './Operations.module.css';
import { State } from './State';
import { ago, QUEUES, queueState } from './words';

/** What waits, for how long, and whether anybody works on it. */
export function Queues({ queues }: { readonly queues: readonly OperationsQueue[] }) {
  return (
    <section className={classes.panel} aria-label="Queues">
      <h2>Queues</h2>
      <Table verticalSpacing={6} aria-label="Queues">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Queue</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th ta="right">Jobs waiting</Table.Th>
            <Table.Th ta="right">Jobs running</Table.Th>
            <Table.Th ta="right">Messages</Table.Th>
            <Table.Th>Longest wait</Table.Th>
            <Table.Th>Last worked on</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {queues.map((queue) => (
            <Table.Tr key={queue.queue}>
              <Table.Td>
                {QUEUES[queue.queue]} <span className={classes.quiet}>{queue.queue}</span>
              </Table.Td>
              <Table.Td>
                <State said={queueState(queue)} />
              </Table.Td>
              <Table.Td className={classes.figure}>{queue.waiting}</Table.Td>
              <Table.Td className={classes.figure}>{queue.running}</Table.Td>
              <Table.Td className={classes.figure}>{queue.messages ?? '—'}</Table.Td>
              <Table.Td>{queue.oldest_wait_s === null ? '—' : duration(queue.oldest_wait_s)}</Table.Td>
              <Table.Td>{queue.seen_s === null ? 'never' : ago(queue.seen_s)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
