import { Button, Group, MultiSelect, NumberInput, Progress } from '@mantine/core';
import { useState } from 'react';
import {
  isReplaying,
  type Project,
  type StrategyName,
  useAskWhatIf,
  useCancelJob,
  useWhatIf,
  type WhatIf,
} from '../../../../api';
import { Notice } from '../../../shell/Notice';
import classes from './queries.module.css';
import { WhatIfChart } from './WhatIfChart';
import { costWords, STRATEGIES, trainingsOf } from './words';

/** The project's own accepted cases, read once more in another order: what each strategy would have learned. */
export function WhatIfPanel({ project }: { readonly project: Project }) {
  const found = useWhatIf(project.id).data;
  if (found === undefined) {
    return null;
  }
  return (
    <section className={classes.panel} aria-label="What if another strategy had chosen?">
      {found.figures === null ? (
        <h3 className={classes.question}>What if another strategy had chosen?</h3>
      ) : (
        <WhatIfChart project={project} figures={found.figures} />
      )}
      {isReplaying(found) ? (
        <UnderWay project={project.id} found={found} />
      ) : (
        <Ask project={project.id} found={found} />
      )}
    </section>
  );
}

function Ask({ project, found }: { readonly project: number; readonly found: WhatIf }) {
  const [strategies, setStrategies] = useState<StrategyName[]>([...found.usual.strategies]);
  const [seeds, setSeeds] = useState(found.usual.seeds);
  const [seconds, setSeconds] = useState(found.usual.seconds);
  const ask = useAskWhatIf(project);
  const trainings = trainingsOf(found.usual, strategies.length, seeds);
  return (
    <>
      {found.job?.state === 'failed' && <Notice tone="failed">{found.job.error}</Notice>}
      <Group align="flex-end" gap="sm" className={classes.form}>
        <MultiSelect
          label="Strategies, the first to compare with"
          size="xs"
          className={classes.strategies}
          data={Object.entries(STRATEGIES).map(([value, label]) => ({ value, label }))}
          value={strategies}
          onChange={(value) => setStrategies(value.filter((one): one is StrategyName => one in STRATEGIES))}
        />
        <NumberInput
          label="Repeats"
          size="xs"
          w={80}
          min={1}
          max={10}
          value={seeds}
          onChange={(value) => setSeeds(Math.max(1, Number(value)))}
        />
        <NumberInput
          label="Seconds per training"
          size="xs"
          w={160}
          min={1}
          max={3600}
          value={seconds}
          onChange={(value) => setSeconds(Math.max(1, Number(value)))}
        />
        <Button
          size="xs"
          variant="default"
          loading={ask.isPending}
          disabled={strategies.length === 0}
          onClick={() => ask.mutate({ strategies, seeds, seconds })}
        >
          Compare strategies
        </Button>
      </Group>
      <p className={classes.quiet}>{costWords(trainings, seconds)}</p>
      {ask.error !== null && <p className={classes.problem}>{ask.error.message}</p>}
    </>
  );
}

function UnderWay({ project, found }: { readonly project: number; readonly found: WhatIf }) {
  const cancel = useCancelJob(project);
  const job = found.job;
  if (job === null) {
    return null;
  }
  const { done = 0, total = 0, message } = job.progress;
  return (
    <Group gap="sm" role="status" className={classes.form}>
      <span>{job.state === 'queued' ? 'Waits for a worker.' : message || 'Begins'}</span>
      {total > 0 && (
        <Progress.Root size="sm" className={classes.bar}>
          <Progress.Section value={(100 * done) / total} aria-label="Of the comparison" />
        </Progress.Root>
      )}
      <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
        Cancel
      </Button>
    </Group>
  );
}
