import { Table } from '@mantine/core';
import type { BenchMeasure } from '../../../../api';
import classes from './bench.module.css';
import { differenceWords, MEASURES, type Measure, networkName, pWords } from './words';

interface PairsProps {
  readonly figures: BenchMeasure;
  readonly measure: Measure;
}

/** Whether chance alone could tell two networks apart. */
export function Pairs({ figures, measure }: PairsProps) {
  if (figures.pairs.length === 0) {
    return null;
  }
  return (
    <details className={classes.pairs}>
      <summary>Is the difference more than chance? Every pair of networks</summary>
      <div className={classes.scroll}>
        <Table verticalSpacing={5} className={classes.table} aria-label="Pairs of networks">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>First − second</Table.Th>
              <Table.Th>Difference of the mean {MEASURES[measure]}</Table.Th>
              <Table.Th ta="right">Cases</Table.Th>
              <Table.Th ta="right">p (Wilcoxon)</Table.Th>
              <Table.Th ta="right">p (Holm)</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {figures.pairs.map((pair) => (
              <Table.Tr key={`${pair.first} ${pair.second}`}>
                <Table.Td>
                  {networkName(pair.first)} − {networkName(pair.second)}
                </Table.Td>
                <Table.Td className={classes.once}>{differenceWords(pair)}</Table.Td>
                <Table.Td ta="right">{pair.cases}</Table.Td>
                <Table.Td ta="right">{pWords(pair.p)}</Table.Td>
                <Table.Td ta="right">{pWords(pair.p_holm)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <p className={classes.quiet}>
        Intervals: paired bootstrap over the test cases. p: signed-rank test of the cases’ means; beside it
        corrected for the number of pairs. Fewer than six test cases can never reach 0.05. One training of
        each network says nothing of other seeds.
      </p>
    </details>
  );
}
