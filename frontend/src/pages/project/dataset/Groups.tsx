import { Table, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { DatasetGroup } from '../../../api';
import classes from './dataset.module.css';
import type { SectionProps } from './section';
import { GROUPS, groupAsked, groupWord } from './words';

const SHORT = 8;

/** Cases by what they are alike in: a small table each. */
export function Groups(given: SectionProps) {
  return (
    <div className={classes.groups}>
      {Object.entries(GROUPS).map(([what, title]) => (
        <Group
          key={what}
          {...given}
          title={title}
          rows={given.dataset.groups.filter((row) => row.what === what)}
        />
      ))}
    </div>
  );
}

interface GroupProps extends SectionProps {
  readonly title: string;
  readonly rows: readonly DatasetGroup[];
}

function Group({ title, rows, narrowed, onOpen }: GroupProps) {
  const [isWhole, setWhole] = useState(false);
  const hasSplits = rows[0]?.what !== 'split';
  return (
    <section className={classes.card} aria-label={title}>
      <Table verticalSpacing={3} aria-label={`Cases by ${title.toLowerCase()}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{title}</Table.Th>
            <Table.Th ta="right">Cases</Table.Th>
            <Table.Th ta="right">Patients</Table.Th>
            {hasSplits && (
              <Table.Th ta="right" title="Pool, validation, test">
                P / V / T
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {(isWhole ? rows : rows.slice(0, SHORT)).map((row) => (
            <Table.Tr key={row.word}>
              <Table.Td className={classes.word}>{groupWord(row)}</Table.Td>
              <Table.Td ta="right">
                <Count
                  n={row.cases}
                  title={`${title}, ${groupWord(row)}`}
                  onOpen={() => onOpen(groupAsked(row, narrowed))}
                />
              </Table.Td>
              <Table.Td ta="right">{row.patients}</Table.Td>
              {hasSplits && (
                <Table.Td ta="right" className={classes.number}>
                  {row.pool} / {row.validation} / {row.test}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length > SHORT && (
        <UnstyledButton className={classes.more} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show all ${rows.length}`}
        </UnstyledButton>
      )}
    </section>
  );
}

interface CountProps {
  readonly n: number;
  /** Of what. */
  readonly title: string;
  readonly onOpen: () => void;
}

/** A number that opens its cases. */
export function Count({ n, title, onOpen }: CountProps) {
  if (n === 0) {
    return <span className={classes.none}>0</span>;
  }
  return (
    <UnstyledButton className={classes.count} onClick={onOpen} aria-label={`${title}: ${n}, open the cases`}>
      {n.toLocaleString('en-GB')}
    </UnstyledButton>
  );
}
