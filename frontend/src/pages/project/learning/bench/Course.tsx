import { Button, Progress } from '@mantine/core';
import { type Bench, useActOnBench } from '../../../../api';
import { Notice } from '../../../shell/Notice';
import classes from './bench.module.css';
import { nowWords, progressWords, shareDone } from './words';

interface CourseProps {
  readonly project: number;
  readonly bench: Bench;
}

/** How far a comparison is; a lead can stop it and go on. */
export function Course({ project, bench }: CourseProps) {
  const stop = useActOnBench(project, 'stop');
  const resume = useActOnBench(project, 'resume');
  const problem = stop.error ?? resume.error;
  return (
    <>
      {bench.state === 'going_on' && (
        <div className={classes.course} role="status">
          <span className={classes.once}>{progressWords(bench)}</span>
          <Progress.Root size="sm" className={classes.bar}>
            <Progress.Section value={100 * shareDone(bench)} aria-label="Of the comparison" />
          </Progress.Root>
          <span className={classes.now}>{nowWords(bench)}</span>
          <Button size="xs" variant="default" loading={stop.isPending} onClick={() => stop.mutate(bench.id)}>
            Stop
          </Button>
        </div>
      )}
      {bench.can_go_on && (
        <div className={classes.course} role="status">
          <span>{restWords(bench)}</span>
          <Button
            size="xs"
            variant="default"
            loading={resume.isPending}
            onClick={() => resume.mutate(bench.id)}
          >
            {bench.state === 'stopped' ? 'Go on' : 'Try again'}
          </Button>
        </div>
      )}
      {problem !== null && <Notice tone="failed">{problem.message}</Notice>}
    </>
  );
}

function restWords({ state, done, entries }: Bench): string {
  const opening = state === 'stopped' ? 'Stopped' : 'Ended';
  return `${opening} with ${done} of ${entries.length} networks trained. The others can be trained on the same frozen set.`;
}
