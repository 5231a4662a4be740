import { Button } from '@mantine/core';
import { isUnderWay, type Project, useLearningPolicy, useStartRun } from '../../../../api';
import classes from './rounds.module.css';

/** What the next training waits for, and a way not to wait. */
export function NextTraining({ project }: { readonly project: Project }) {
  const asked = useLearningPolicy(project.id);
  const start = useStartRun(project.id);
  const { job } = project;
  const isTraining = job !== null && job.kind === 'train' && isUnderWay(job);
  return (
    <div className={classes.next}>
      <p className={classes.quiet} role={start.error === null ? undefined : 'alert'}>
        {start.error?.message ??
          (isTraining ? 'A training is under way.' : (asked.data?.next.sentence ?? ''))}
      </p>
      <Button loading={start.isPending} disabled={isTraining} onClick={() => start.mutate()}>
        Retrain now
      </Button>
    </div>
  );
}
