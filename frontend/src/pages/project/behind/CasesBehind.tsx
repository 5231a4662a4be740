import { Drawer } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type DashboardRows, useRows } from '../../../api';
import { CASE_STATES, score } from '../../words';
import classes from './CasesBehind.module.css';

const LISTS = [
  'scored_cases',
  'tested_cases',
  'pool_cases',
  'read_cases',
  'arm_cases',
  'judged_cases',
  'graded_cases',
] as const;
type Listed = (typeof LISTS)[number];
type Row = DashboardRows[Listed];

/** What a mark carries: the table of its cases, and what to ask of it. */
export function casesKey(table: Listed, query: Readonly<Record<string, string | number>>): string {
  const given = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return `${table}?${given.toString()}`;
}

interface CasesBehindProps {
  readonly project: number;
  /** Made by `casesKey`; null = closed. */
  readonly opened: string | null;
  readonly onClose: () => void;
}

/** The cases behind a mark, worst first; each leads to its read, where the structure is. */
export function CasesBehind({ project, opened, onClose }: CasesBehindProps) {
  return (
    <Drawer
      opened={opened !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title="Cases behind this mark"
    >
      {opened !== null && <Listing project={project} opened={opened} />}
    </Drawer>
  );
}

function Listing({ project, opened }: { readonly project: number; readonly opened: string }) {
  const [name = '', search = ''] = opened.split('?');
  const table = LISTS.find((one) => one === name) ?? 'pool_cases';
  const query = Object.fromEntries(new URLSearchParams(search));
  const rows = useRows(project, table, query);
  if (rows.error !== null) {
    return <p role="alert">{rows.error.message}</p>;
  }
  if (rows.data === undefined) {
    return <p className={classes.quiet}>Looking…</p>;
  }
  if (rows.data.length === 0) {
    return <p className={classes.quiet}>No case is behind this mark any more: it has changed since.</p>;
  }
  const isScored = table === 'scored_cases' || table === 'tested_cases';
  const { structure } = query;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th>Case</th>
          {isScored ? (
            <>
              <th>Dice</th>
              <th>Surface Dice</th>
              <th>HD95, mm</th>
            </>
          ) : (
            <th>State</th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.data.map((row) => (
          <tr key={row.case_id}>
            <td>
              <CaseLink row={row} {...(structure === undefined ? {} : { structure })} />
            </td>
            {isScored ? (
              <>
                <td>{score(row.dice)}</td>
                <td>{score(row.surface_dice)}</td>
                <td>{row.hd95_mm === null ? '—' : row.hd95_mm.toFixed(1)}</td>
              </>
            ) : (
              <td>{stateWords(row)}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function stateWords(row: Row): string {
  const words: Readonly<Record<string, string>> = CASE_STATES;
  return words[row.state] ?? row.state;
}

function CaseLink({ row, structure }: { readonly row: Row; readonly structure?: string }) {
  const words = `${row.number} · ${row.name}`;
  if (row.read_id === null) {
    return <span title="Nobody has read it yet.">{words}</span>;
  }
  return (
    <Link
      to="/annotate/$assignmentId"
      params={{ assignmentId: String(row.read_id) }}
      search={structure === undefined ? {} : { structure }}
    >
      {words}
    </Link>
  );
}
