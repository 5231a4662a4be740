import { UnstyledButton, VisuallyHidden } from '@mantine/core';
import classes from './ChartTable.module.css';

export interface TableBehind {
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly cells: readonly string[];
  /** As on the mark: opens the cases. */
  readonly open?: string;
}

/** More than this nobody reads or listens to; the file has all. */
const MOST_ROWS = 200;

interface ChartTableProps {
  readonly table: TableBehind;
  readonly caption: string;
  readonly isShown: boolean;
  readonly onOpen?: ((key: string) => void) | undefined;
}

/** The numbers of a chart: for screen readers always, for everybody else when asked for or reached by key. */
export function ChartTable({ table, caption, isShown, onOpen }: ChartTableProps) {
  return (
    <div className={isShown ? classes.shown : classes.hidden}>
      <Content table={table} caption={caption} onOpen={onOpen} />
    </div>
  );
}

function Content({ table, caption, onOpen }: Omit<ChartTableProps, 'isShown'>) {
  const left = table.rows.length - MOST_ROWS;
  return (
    <table className={classes.table}>
      <caption>
        <VisuallyHidden>{caption}</VisuallyHidden>
        {left > 0 && `The first ${MOST_ROWS} rows; ${left} more are in the file.`}
      </caption>
      <thead>
        <tr>
          {table.columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.slice(0, MOST_ROWS).map((row) => (
          <tr key={row.cells.join('|')}>
            {row.cells.map((cell, place) => (
              <td key={table.columns[place]}>
                {place === 0 && row.open !== undefined && onOpen !== undefined ? (
                  <OpenButton words={cell} open={row.open} onOpen={onOpen} />
                ) : (
                  cell
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface OpenButtonProps {
  readonly words: string;
  readonly open: string;
  readonly onOpen: (key: string) => void;
}

function OpenButton({ words, open, onOpen }: OpenButtonProps) {
  return (
    <UnstyledButton className={classes.open} onClick={() => onOpen(open)} title="Open the cases">
      {words}
    </UnstyledButton>
  );
}
