import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { type Bench, type BenchMeasure, type Project, rowsAddress, useBenchTable } from '../../../../api';
import { Deciding } from '../gate/Deciding';
import { BenchTable } from './BenchTable';
import classes from './bench.module.css';
import { Pairs } from './Pairs';
import { MEASURES, type Measure, type Spread } from './words';

interface BenchFiguresProps {
  readonly project: Project;
  readonly bench: Bench;
}

/** The table of a comparison, what tells its networks apart, and a lead's choice among them. */
export function BenchFigures({ project, bench }: BenchFiguresProps) {
  const found = useBenchTable(project.id, bench);
  const [measure, setMeasure] = useState<Measure>('dice');
  const [spread, setSpread] = useState<Spread>('sd');
  const [promotes, setPromotes] = useState<number | null>(null);
  if (found.data === undefined) {
    return found.error === null ? (
      <div className={classes.waiting} aria-busy="true" />
    ) : (
      <p role="alert">
        {found.error.message}{' '}
        <Button size="compact-sm" variant="default" onClick={() => void found.refetch()}>
          Try again
        </Button>
      </p>
    );
  }
  const figures = found.data[measure];
  const serving = project.models.find(({ state }) => state === 'serving')?.version ?? null;
  return (
    <>
      <Controls
        project={project.id}
        bench={bench}
        measure={measure}
        onMeasure={setMeasure}
        spread={spread}
        onSpread={setSpread}
      />
      <BenchTable
        project={project.id}
        bench={bench}
        figures={figures}
        measure={measure}
        spread={spread}
        onPromote={setPromotes}
      />
      {promotes !== null && (
        <Deciding
          key={promotes}
          project={project.id}
          decision={{ kind: 'promote', version: promotes, serving }}
          onEnd={() => setPromotes(null)}
        />
      )}
      <p className={classes.quiet}>{caption(figures, measure, spread)}</p>
      <Pairs figures={figures} measure={measure} />
    </>
  );
}

interface ControlsProps {
  readonly project: number;
  readonly bench: Bench;
  readonly measure: Measure;
  readonly onMeasure: (measure: Measure) => void;
  readonly spread: Spread;
  readonly onSpread: (spread: Spread) => void;
}

const SPREADS = [
  { value: 'sd', label: '± SD' },
  { value: 'interval', label: '95 % interval' },
];

function Controls({ project, bench, measure, onMeasure, spread, onSpread }: ControlsProps) {
  const address = (form: 'csv' | 'parquet'): string =>
    rowsAddress(project, 'networks_compared', { comparison: bench.id }, form);
  return (
    <div className={classes.top}>
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          aria-label="Measure"
          data={Object.entries(MEASURES).map(([value, label]) => ({ value, label }))}
          value={measure}
          onChange={(value) => onMeasure(value === 'surface_dice' ? value : 'dice')}
        />
        <SegmentedControl
          size="xs"
          aria-label="Beside the means"
          data={SPREADS}
          value={spread}
          onChange={(value) => onSpread(value === 'interval' ? value : 'sd')}
        />
      </div>
      {bench.done > 0 && (
        <div className={classes.controls}>
          {(['csv', 'parquet'] as const).map((form) => (
            <Button
              key={form}
              component="a"
              size="xs"
              variant="default"
              href={address(form)}
              download={`networks-${bench.id}.${form}`}
            >
              {form === 'csv' ? 'CSV' : 'Parquet'}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}

function caption({ left_out: leftOut }: BenchMeasure, measure: Measure, spread: Spread): string {
  const beside =
    spread === 'sd'
      ? 'SD: over the test cases'
      : '95 % intervals: other test cases; of too few there is none';
  const surface = measure === 'dice' ? '' : ' Surface Dice at each structure’s tolerance.';
  const left =
    leftOut.length === 0
      ? ''
      : ` Left out, for they were measured at different tolerances: ${leftOut.join(', ')}.`;
  return (
    `Means over the test cases, n cases each where it is not all of them. ${beside}. Bold: no network is better, in ` +
    'three decimals. In the mean every structure weighs the same. Mean rank: over all test cases and structures ' +
    `that every network was scored on; 1 is best.${surface}${left}`
  );
}
