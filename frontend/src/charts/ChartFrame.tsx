import { ActionIcon, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';
import classes from './ChartFrame.module.css';
import { ChartTable, type TableBehind } from './ChartTable';
import { type Draw, Plot } from './Plot';
import { keep, toPng, toSvg } from './picture';

export interface ChartFrameProps {
  /** The title is the question that the chart answers. */
  readonly question: string;
  /** How many cases, readers or reads it rests on, how intervals are made, where a band comes from. */
  readonly caption: string;
  readonly height: number;
  readonly draw: Draw;
  readonly table: TableBehind;
  /** Name of the files. */
  readonly name: string;
  /** Address of the rows behind the chart in a form; a function without one knows CSV alone. */
  readonly rows: ((form: 'csv' | 'parquet') => string) | (() => string);
  readonly onOpen?: (key: string) => void;
  /** Where there is nothing to draw: what to do. */
  readonly empty?: string | null;
  readonly controls?: ReactNode;
  /** The same chart in pieces, where it is taller than a sheet of paper; as a picture it is whole. */
  readonly pieces?: readonly Piece[];
}

export interface Piece {
  readonly draw: Draw;
  readonly height: number;
}

/** A question, the chart that answers it, what it rests on, and ways to keep it. */
export function ChartFrame(props: ChartFrameProps) {
  const { question, caption, height, draw, pieces, table, onOpen, empty = null, controls } = props;
  const [showsTable, setShowsTable] = useState(false);
  const heading = useId();
  return (
    <section className={classes.frame} data-in-pieces={pieces !== undefined} aria-labelledby={heading}>
      <header className={classes.header}>
        <h2 id={heading} className={classes.question}>
          {question}
        </h2>
        {controls}
        {empty === null && (
          <KeepMenu {...props} showsTable={showsTable} onTable={() => setShowsTable(!showsTable)} />
        )}
      </header>
      {empty === null ? (
        <>
          {(pieces ?? [{ draw, height }]).map((piece, place, all) => (
            <Plot
              // biome-ignore lint/suspicious/noArrayIndexKey: a piece is known by its place alone.
              key={place}
              {...piece}
              label={all.length > 1 ? `${question} (${place + 1} of ${all.length})` : question}
              onOpen={onOpen}
            />
          ))}
          <p className={classes.caption}>{caption}</p>
          <ChartTable table={table} caption={question} isShown={showsTable} onOpen={onOpen} />
        </>
      ) : (
        <p className={classes.empty}>{empty}</p>
      )}
    </section>
  );
}

interface KeepMenuProps extends ChartFrameProps {
  readonly showsTable: boolean;
  readonly onTable: () => void;
}

function KeepMenu({ question, caption, draw, height, name, rows, showsTable, onTable }: KeepMenuProps) {
  const picture = { question, caption, draw, height };
  const keepSvg = () => keep(new Blob([toSvg(picture)], { type: 'image/svg+xml' }), `${name}.svg`);
  const keepPng = () => void toPng(picture).then((blob) => keep(blob, `${name}.png`));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" className={classes.keep} aria-label={`Keep: ${question}`}>
          <IconDownload size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={keepPng}>PNG</Menu.Item>
        <Menu.Item onClick={keepSvg}>SVG</Menu.Item>
        <Menu.Item component="a" href={rows('csv')} download={`${name}.csv`}>
          CSV
        </Menu.Item>
        {rows.length > 0 && (
          <Menu.Item component="a" href={rows('parquet')} download={`${name}.parquet`}>
            Parquet
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item onClick={onTable}>{showsTable ? 'Hide the table' : 'Show the table'}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
