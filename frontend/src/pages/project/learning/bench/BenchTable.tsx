import { Anchor, Badge, Button, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Bench, BenchCell, BenchEntry, BenchMeasure, BenchRow } from '../../../../api';
import { duration, MODEL_STATES, score } from '../../../words';
import classes from './bench.module.css';
import {
  MEASURES,
  type Measure,
  networkName,
  parametersWords,
  type Spread,
  spreadWords,
  stateWords,
  stepsWords,
} from './words';

interface BenchTableProps {
  readonly project: number;
  readonly bench: Bench;
  readonly figures: BenchMeasure;
  readonly measure: Measure;
  readonly spread: Spread;
  readonly onPromote: (version: number) => void;
}

/** Structures down, networks across; the best of each row in bold. */
export function BenchTable(props: BenchTableProps) {
  const { project, bench, figures, measure, spread, onPromote } = props;
  const rows = figures.structures.length === 0 ? [] : [...figures.structures, figures.overall];
  return (
    <div className={classes.scroll}>
      <Table verticalSpacing={5} className={classes.table} aria-label={`${MEASURES[measure]} by structure`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className={classes.first}>Structure</Table.Th>
            {bench.entries.map((entry) => (
              <Table.Th key={entry.network} ta="right">
                <Head project={project} entry={entry} />
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Figures key={row.key} row={row} bench={bench} spread={spread} />
          ))}
          {figures.structures.length === 0 && <Unscored bench={bench} />}
          <Facts bench={bench} ranks={figures.ranks} />
          <Promotions bench={bench} onPromote={onPromote} />
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Head({ project, entry }: { readonly project: number; readonly entry: BenchEntry }) {
  const ids = { projectId: String(project) };
  return (
    <div className={classes.head}>
      <span>{networkName(entry.network)}</span>
      {entry.model !== null ? (
        <Anchor
          size="xs"
          renderRoot={(props) => (
            <Link
              to="/projects/$projectId/models/$version"
              params={{ ...ids, version: String(entry.model?.version) }}
              {...props}
            />
          )}
        >
          Model {entry.model.version}
        </Anchor>
      ) : entry.run !== null ? (
        <Anchor
          size="xs"
          renderRoot={(props) => (
            <Link
              to="/projects/$projectId/runs/$runId"
              params={{ ...ids, runId: String(entry.run) }}
              {...props}
            />
          )}
        >
          Training
        </Anchor>
      ) : (
        <span className={classes.small}>—</span>
      )}
    </div>
  );
}

interface FiguresProps {
  readonly row: BenchRow;
  readonly bench: Bench;
  readonly spread: Spread;
}

function Figures({ row, bench, spread }: FiguresProps) {
  const cells = new Map(row.cells.map((cell) => [cell.network, cell]));
  return (
    <Table.Tr className={row.key === '' ? classes.overall : undefined}>
      <Table.Th scope="row" className={classes.first}>
        {row.name}
      </Table.Th>
      {bench.entries.map(({ network }) => (
        <Table.Td key={network} ta="right">
          <Figure cell={cells.get(network)} spread={spread} all={bench.cases.test} />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

interface FigureProps {
  readonly cell: BenchCell | undefined;
  readonly spread: Spread;
  /** Test cases that there are. */
  readonly all: number;
}

function Figure({ cell, spread, all }: FigureProps) {
  if (cell === undefined || cell.mean === null) {
    return <span className={classes.small}>—</span>;
  }
  const beside = [spreadWords(cell, spread), cell.n < all ? `n ${cell.n}` : ''].filter((one) => one !== '');
  return (
    <>
      {cell.best ? <strong className={classes.best}>{score(cell.mean)}</strong> : score(cell.mean)}
      {beside.length > 0 && <span className={classes.small}> {beside.join(', ')}</span>}
    </>
  );
}

function Unscored({ bench }: { readonly bench: Bench }) {
  const words =
    bench.state === 'going_on'
      ? 'The figures come with the first network that is trained.'
      : 'No network has been scored on a structure yet.';
  return (
    <Table.Tr>
      <Table.Td colSpan={bench.entries.length + 1} className={classes.small}>
        {words}
      </Table.Td>
    </Table.Tr>
  );
}

interface FactsProps {
  readonly bench: Bench;
  readonly ranks: BenchMeasure['ranks'];
}

function Facts({ bench, ranks }: FactsProps) {
  const facts: readonly (readonly [string, (entry: BenchEntry) => string])[] = [
    ['Mean rank', ({ network }) => ranks[network]?.toFixed(2) ?? '—'],
    ['Steps', ({ steps }) => stepsWords(steps)],
    ['Training time', ({ train_seconds: seconds }) => (seconds === null ? '—' : duration(seconds))],
    ['Parameters', ({ parameters }) => parametersWords(parameters)],
  ];
  return facts.map(([name, words]) => (
    <Table.Tr key={name} className={name === 'Mean rank' ? classes.fact : undefined}>
      <Table.Th scope="row" className={classes.first}>
        {name}
      </Table.Th>
      {bench.entries.map((entry) => (
        <Table.Td key={entry.network} ta="right">
          {words(entry)}
        </Table.Td>
      ))}
    </Table.Tr>
  ));
}

interface PromotionsProps {
  readonly bench: Bench;
  readonly onPromote: (version: number) => void;
}

/** Each model waits for a lead; a network without one says why. */
function Promotions({ bench, onPromote }: PromotionsProps) {
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.first}>
        Model
      </Table.Th>
      {bench.entries.map((entry) => (
        <Table.Td key={entry.network} ta="right">
          {entry.model === null ? (
            <span className={classes.small} data-failed={entry.state === 'failed'}>
              {stateWords(entry, bench)}
            </span>
          ) : entry.model.state === 'serving' ? (
            <Badge variant="light" tt="none">
              {MODEL_STATES.serving}
            </Badge>
          ) : (
            <Promote version={entry.model.version} onPromote={onPromote} />
          )}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

interface PromoteProps {
  readonly version: number;
  readonly onPromote: (version: number) => void;
}

function Promote({ version, onPromote }: PromoteProps) {
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={`Put model ${version} into service`}
      onClick={() => onPromote(version)}
    >
      Promote
    </Button>
  );
}
