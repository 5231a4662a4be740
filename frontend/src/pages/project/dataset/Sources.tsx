import { Anchor, Badge, Table } from '@mantine/core';
import { rowsAddress } from '../../../api';
import classes from './dataset.module.css';
import { Count } from './Groups';
import type { SectionProps } from './section';
import { asQuery, NOT_KNOWN } from './words';

/** The data sets that cases came from: what they say something of, and on what terms. */
export function Sources({ project, dataset, narrowed, onOpen }: SectionProps) {
  const names = new Map(project.structures.map(({ key, name }) => [key, name]));
  return (
    <section className={classes.wide} aria-label="Data sets">
      <h2 className={classes.heading}>
        Where do the cases come from?{' '}
        <Anchor size="xs" href={rowsAddress(project.id, 'dataset_sources', asQuery(narrowed), 'csv')}>
          CSV
        </Anchor>
      </h2>
      <div className={classes.scroll}>
        <Table verticalSpacing={5} aria-label="Data sets">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Data set</Table.Th>
              <Table.Th ta="right">Cases</Table.Th>
              <Table.Th ta="right">Patients</Table.Th>
              <Table.Th>Structures</Table.Th>
              <Table.Th>Licence</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {dataset.sources.map((row) => (
              <Table.Tr key={row.source}>
                <Table.Td title={row.citation}>{row.source === '' ? 'not known' : row.source}</Table.Td>
                <Table.Td ta="right">
                  <Count
                    n={row.cases}
                    title={row.source === '' ? 'Data set not known' : row.source}
                    onOpen={() => onOpen({ ...narrowed, source: row.source === '' ? NOT_KNOWN : row.source })}
                  />
                </Table.Td>
                <Table.Td ta="right">{row.patients}</Table.Td>
                <Table.Td className={classes.long}>
                  {row.structures
                    .split(' ')
                    .map((key) => names.get(key) ?? key)
                    .join(', ') || '—'}
                </Table.Td>
                <Table.Td>
                  {row.licence === '' ? '—' : row.licence}{' '}
                  {row.non_commercial && (
                    <Badge size="sm" variant="light" color="yellow">
                      not for commercial use
                    </Badge>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}
