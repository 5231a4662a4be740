import { Table } from '@mantine/core';
import type { GateDecision } from '../../../../api';
import { when } from '../../../words';
import classes from './gate.module.css';

const VERDICTS: Readonly<Record<GateDecision['verdict'], string>> = {
  promoted: 'Promoted',
  refused: 'Not promoted',
  overruled: 'Put into service',
  rolled_back: 'Put back',
};

/** Who or what decided, when and why; nothing of it is ever changed. */
export function DecisionLog({ decisions }: { readonly decisions: readonly GateDecision[] }) {
  if (decisions.length === 0) {
    return null;
  }
  return (
    <div className={classes.log}>
      <Table verticalSpacing={6} stickyHeader aria-label="Decisions">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Model</Table.Th>
            <Table.Th>Decision</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {decisions.map(({ id, at, version, verdict, instead_of: before, by, reason }) => (
            <Table.Tr key={id}>
              <Table.Td className={classes.once}>{when(at)}</Table.Td>
              <Table.Td className={classes.once}>Model {version}</Table.Td>
              <Table.Td className={classes.once}>
                {VERDICTS[verdict]}
                {before !== null && verdict !== 'refused' && ` instead of model ${before}`}
              </Table.Td>
              <Table.Td className={classes.once}>{by ?? 'the gate'}</Table.Td>
              <Table.Td className={classes.reason}>{reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
