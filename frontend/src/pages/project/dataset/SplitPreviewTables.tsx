import { Button, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SplitPreview } from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './dataset.module.css';
import { changeWords, count, LEVELS } from './words';

interface SplitPreviewTablesProps {
  readonly preview: SplitPreview;
  readonly isPending: boolean;
  readonly onApply: () => void;
}

/** What a division would do, and the button that does it. */
export function SplitPreviewTables({ preview, isPending, onApply }: SplitPreviewTablesProps) {
  const { problems, moves } = preview;
  return (
    <div className={classes.preview}>
      {problems.length > 0 && (
        <Notice tone="failed">
          {problems.map((problem) => (
            <div key={problem}>{problem}</div>
          ))}
        </Notice>
      )}
      <Counts preview={preview} />
      <Levels preview={preview} />
      <Structures preview={preview} />
      <Staying preview={preview} />
      <div className={classes.buttons}>
        <Button disabled={problems.length > 0 || moves === 0} loading={isPending} onClick={onApply}>
          {moves === 0 ? 'Nothing would move' : `Move ${count(moves, 'case')}`}
        </Button>
        {preview.unlabelled > 0 && (
          <span className={classes.quiet}>
            {count(preview.unlabelled, 'case')} without delineation would leave the pool with their patient or
            site; nobody reads them there.
          </span>
        )}
      </div>
    </div>
  );
}

function Head({ children }: { readonly children: ReactNode }) {
  return (
    <Table.Thead>
      <Table.Tr>
        <Table.Th>{children}</Table.Th>
        <Table.Th ta="right">Pool</Table.Th>
        <Table.Th ta="right">Validation</Table.Th>
        <Table.Th ta="right">Test</Table.Th>
      </Table.Tr>
    </Table.Thead>
  );
}

function Counts({ preview }: { readonly preview: SplitPreview }) {
  const words = { '': 'All cases', source: 'Data set', site: 'Site', scanner: 'Scanner' } as const;
  return (
    <div className={classes.scroll}>
      <Table verticalSpacing={3} stickyHeader aria-label="Cases after the split">
        <Head>Cases (what changes)</Head>
        <Table.Tbody>
          {preview.counts.map((row) => (
            <Table.Tr key={`${row.what}:${row.word}`} fw={row.what === '' ? 600 : 400}>
              <Table.Td>
                {words[row.what as keyof typeof words]}
                {row.what === '' ? '' : `: ${row.word === '' ? 'not known' : row.word}`}
              </Table.Td>
              {changeWords(row).map((cell, place) => (
                <Table.Td key={['pool', 'validation', 'test'][place]} ta="right" className={classes.number}>
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Td>Patients</Table.Td>
            <Table.Td ta="right">{preview.patients.pool}</Table.Td>
            <Table.Td ta="right">{preview.patients.validation}</Table.Td>
            <Table.Td ta="right">{preview.patients.test}</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Levels({ preview }: { readonly preview: SplitPreview }) {
  const known = Object.entries(preview.levels).filter(([, n]) => n > 0);
  return known.length === 0 ? null : (
    <p className={classes.quiet}>
      What the test cases measure:{' '}
      {known.map(([level, n]) => `${count(n, 'case')}: ${LEVELS[level] ?? level}`).join('; ')}.
    </p>
  );
}

function Structures({ preview }: { readonly preview: SplitPreview }) {
  return (
    <div className={classes.scroll}>
      <Table verticalSpacing={3} stickyHeader aria-label="Annotated cases after the split">
        <Head>Annotated cases, afterwards</Head>
        <Table.Tbody>
          {preview.structures.map(({ structure, name, after }) => (
            <Table.Tr key={structure}>
              <Table.Td>{name}</Table.Td>
              <Table.Td ta="right">{after.pool}</Table.Td>
              <Table.Td ta="right">{after.validation}</Table.Td>
              <Table.Td ta="right">{after.test}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Staying({ preview }: { readonly preview: SplitPreview }) {
  if (preview.staying.length === 0) {
    return null;
  }
  return (
    <div>
      <p className={classes.quiet}>Not drawn or moved to validation or test, with all of their patient:</p>
      <ul className={classes.list}>
        {preview.staying.map(({ reason, sentence, cases, numbers }) => (
          <li key={reason}>
            {count(cases, 'case')} ({numbers.join(', ')}
            {cases > numbers.length ? ', …' : ''}): {sentence}.
          </li>
        ))}
      </ul>
    </div>
  );
}
