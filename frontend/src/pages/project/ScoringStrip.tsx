import { Button, Group, Progress } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { refreshProject, type Scoring, useScoreAgain, useScoring } from '../../api';
import { Notice } from '../shell/Notice';
import classes from './ScoringStrip.module.css';
import { failureWords, underWayWords } from './scoringWords';

/** Comparisons of reads that are under way, or that failed and can be tried again; nothing where all is done. */
export function ScoringStrip({ project }: { readonly project: number }) {
  const scoring = useScoring(project).data;
  useFreshFigures(project, scoring?.waiting ?? 0);
  if (scoring === undefined) {
    return null;
  }
  return (
    <>
      {scoring.waiting > 0 && <UnderWay scoring={scoring} />}
      {scoring.failed > 0 && <Failed project={project} scoring={scoring} />}
    </>
  );
}

/** Charts are asked for again when the last comparison has ended. */
function useFreshFigures(project: number, waiting: number): void {
  const client = useQueryClient();
  const before = useRef(waiting);
  useEffect(() => {
    if (before.current > 0 && waiting === 0) {
      void refreshProject(client, project);
    }
    before.current = waiting;
  }, [client, project, waiting]);
}

function UnderWay({ scoring }: { readonly scoring: Scoring }) {
  const { done, total } = scoring;
  return (
    <div className={classes.strip} role="status">
      <span>{underWayWords(scoring)}</span>
      {total > 0 && (
        <Progress.Root size="sm" className={classes.bar}>
          <Progress.Section value={(100 * done) / total} aria-label="Cases compared" />
        </Progress.Root>
      )}
    </div>
  );
}

function Failed({ project, scoring }: { readonly project: number; readonly scoring: Scoring }) {
  const again = useScoreAgain(project);
  return (
    <Notice tone="failed">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <span>{failureWords(scoring)}</span>
        <Button
          size="compact-sm"
          variant="default"
          className={classes.again}
          loading={again.isPending}
          onClick={() => again.mutate()}
        >
          Compare again
        </Button>
      </Group>
      {again.error !== null && <p className={classes.quiet}>{again.error.message}</p>}
      <details className={classes.quiet}>
        <summary>What went wrong</summary>
        <ul className={classes.list}>
          {scoring.failures.map((one) => (
            <li key={one.case}>
              {one.number === null ? 'The whole project' : `Case ${one.number} · ${one.name}`}: {one.sentence}
            </li>
          ))}
        </ul>
      </details>
    </Notice>
  );
}
