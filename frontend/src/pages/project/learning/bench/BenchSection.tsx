import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { type Bench, type Project, useBenches } from '../../../../api';
import { when } from '../../../words';
import { AskBench } from './AskBench';
import { BenchFigures } from './BenchFigures';
import classes from './bench.module.css';
import { Course } from './Course';
import { benchWords, counted } from './words';

/** Networks that were trained on the same cases, compared structure by structure. */
export function BenchSection({ project }: { readonly project: Project }) {
  const found = useBenches(project.id);
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
  if (found.data.length === 0) {
    return (
      <>
        <p className={classes.lead}>
          Which network suits this project? Several are trained on the same accepted cases, one after the
          other, and compared on the same test cases. Each becomes a model that can be put into service.
        </p>
        <AskBench project={project} />
      </>
    );
  }
  return <Benches project={project} benches={found.data} />;
}

interface BenchesProps {
  readonly project: Project;
  readonly benches: readonly Bench[];
}

function Benches({ project, benches }: BenchesProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [asks, setAsks] = useState(false);
  const bench = benches.find(({ id }) => id === chosen) ?? benches[0];
  if (bench === undefined) {
    return null;
  }
  const isBusy = benches.some(({ state }) => state === 'going_on');
  const onEnd = (): void => {
    setAsks(false);
    setChosen(null);
  };
  return (
    <>
      <div className={classes.top}>
        <NativeSelect
          size="sm"
          aria-label="Comparison"
          data={benches.map((one) => ({ value: String(one.id), label: titleOf(one) }))}
          value={String(bench.id)}
          onChange={(event) => setChosen(Number(event.currentTarget.value))}
        />
        {!isBusy && !asks && (
          <Button variant="default" onClick={() => setAsks(true)}>
            Compare networks again
          </Button>
        )}
      </div>
      {asks && <AskBench project={project} onEnd={onEnd} />}
      <p className={classes.lead}>{benchWords(bench)}</p>
      <Course key={bench.id} project={project.id} bench={bench} />
      <BenchFigures key={`figures ${bench.id}`} project={project} bench={bench} />
    </>
  );
}

const STATES: Readonly<Record<Bench['state'], string>> = {
  going_on: 'goes on',
  stopped: 'stopped',
  finished: 'finished',
};

function titleOf({ created_at: at, entries, state }: Bench): string {
  return `${when(at)} · ${counted(entries.length, 'network')} · ${STATES[state]}`;
}
