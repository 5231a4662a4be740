import { Popover, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { type CaseRow, type PredictionRow, usePredictions } from '../../api';
import { when } from '../words';
import classes from './CasesTable.module.css';
import { madeByWords } from './caseWords';

/** Who made what a reader of the case begins from; a click shows all that was ever made of it. */
export function MadeBy({ row }: { readonly row: CaseRow }) {
  const [isOpen, setOpen] = useState(false);
  const made = row.pre_annotation;
  if (made === null || made.source === 'imported') {
    return made === null ? '—' : madeByWords(made);
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={380} shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton
          className={classes.made}
          aria-expanded={isOpen}
          title="All pre-annotations of this case"
          onClick={() => setOpen(!isOpen)}
        >
          {madeByWords(made)}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>{isOpen && <History row={row} />}</Popover.Dropdown>
    </Popover>
  );
}

function History({ row }: { readonly row: CaseRow }) {
  const { data, error } = usePredictions(row.id, true);
  if (error !== null) {
    return <p role="alert">{error.message}</p>;
  }
  if (data === undefined) {
    return <p className={classes.quiet}>Looking…</p>;
  }
  return (
    <table className={classes.history} aria-label={`Pre-annotations of case ${row.number}`}>
      <thead>
        <tr>
          <th scope="col">Made by</th>
          <th scope="col">When</th>
          <th scope="col" title="0 is sure, 1 is a guess">
            Unsure
          </th>
          <th scope="col">Places</th>
        </tr>
      </thead>
      <tbody>
        {data.map((made) => (
          <tr key={made.at}>
            <td>
              {madeByWords(made)}
              {aside(made) !== '' && <span className={classes.quiet}> {aside(made)}</span>}
            </td>
            <td>{when(made.at)}</td>
            <td>{made.uncertainty.toFixed(2)}</td>
            <td>{made.regions ?? '—'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function aside({ model_state: state, begun_from: isBegun }: PredictionRow): string {
  return [state === 'serving' ? 'serves' : '', isBegun ? 'read from it' : '']
    .filter((words) => words !== '')
    .join(', ');
}
