import { Button, Group, Progress } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import {
  isUnderWay,
  type Job,
  type Project,
  refreshProject,
  useCancelJob,
  useJob,
  useScoreAgain,
} from '../../api';
import { duration, when } from '../words';
import classes from './Learning.module.css';

/** The newest job: how far it has come, or how it ended; for leads. */
export function JobAtHand({ project }: { readonly project: Project }) {
  const job = useLatest(project);
  return job === null ? null : (
    <section className={classes.card} aria-label="Newest job">
      <div className={classes.job}>
        <JobState job={job} project={project} />
      </div>
    </section>
  );
}

/** The newest job alone, for pages that start none; nothing while there has been none. */
export function NewestJob({ project }: { readonly project: Project }) {
  const job = useLatest(project);
  return <div className={classes.job}>{job !== null && <JobState job={job} project={project} />}</div>;
}

/** The project names its newest job; while it is under way it is asked for more often than the project. */
function useLatest(project: Project): Job | null {
  const client = useQueryClient();
  const known = project.job;
  const polled = useJob(known !== null && isUnderWay(known) ? known.id : null).data;
  const job = polled !== undefined && polled.id === known?.id ? polled : known;
  const hasEnded = known !== null && job !== null && isUnderWay(known) && !isUnderWay(job);
  useEffect(() => {
    if (hasEnded) {
      void refreshProject(client, project.id);
    }
  }, [client, hasEnded, project.id]);
  return job;
}

const KINDS: Readonly<Record<string, string>> = {
  train: 'Training',
  predict: 'Predicting',
  propose: 'Predicting a case for its reader',
  atlas: 'Pre-annotating from labelled cases',
  import: 'Importing',
  look: 'Looking at what an import would bring',
  export: 'Exporting',
  score: 'Scoring',
};

function JobState({ job, project }: { readonly job: Job; readonly project: Project }) {
  const name = KINDS[job.kind] ?? job.kind;
  switch (job.state) {
    case 'queued':
      return <Running job={job} project={project} words={`${name} waits for a worker.`} />;
    case 'running':
      return <Running job={job} project={project} words={runningWords(name, job)} />;
    case 'failed':
      return (
        <>
          <p className={classes.failed}>{name} failed.</p>
          <p className={classes.quiet}>{job.error || 'The worker gave no reason; see its log.'}</p>
          {job.kind === 'score' && project.role === 'lead' && <CompareAgain project={project.id} />}
        </>
      );
    case 'cancelled':
      return (
        <p className={classes.quiet}>
          {name} was cancelled. What had been accepted is kept and can be trained on again.
        </p>
      );
    case 'succeeded':
      return (
        <>
          <p className={classes.quiet}>
            {name} finished{job.finished_at === null ? '' : ` ${when(job.finished_at)}`}.
          </p>
          <LeftOut job={job} />
        </>
      );
  }
}

/** Comparing reads is tried again as a whole: whatever failed, and that alone. */
function CompareAgain({ project }: { readonly project: number }) {
  const again = useScoreAgain(project);
  return (
    <>
      <Button size="compact-sm" variant="default" loading={again.isPending} onClick={() => again.mutate()}>
        Compare again
      </Button>
      {again.error !== null && <p className={classes.problem}>{again.error.message}</p>}
    </>
  );
}

/** What a finished job could not do, each with its sentence: files of an import, cases of a prediction. */
function LeftOut({ job }: { readonly job: Job }) {
  const { refused } = Object(job.result) as { refused?: readonly unknown[] };
  const sentences = (refused ?? []).map(sentenceOf).filter((sentence) => sentence !== '');
  if (sentences.length === 0) {
    return null;
  }
  return (
    <details className={classes.quiet}>
      <summary>{sentences.length} left out</summary>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </details>
  );
}

function sentenceOf(refusal: unknown): string {
  if (typeof refusal === 'string') {
    return refusal;
  }
  const { file, sentence } = Object(refusal) as { file?: string; sentence?: string };
  return file === undefined ? (sentence ?? '') : `${file}: ${sentence ?? ''}`;
}

function runningWords(name: string, { progress }: Job): string {
  const what = progress.message || progress.stage;
  return what === undefined || what === '' ? name : `${name} · ${what}`;
}

interface RunningProps {
  readonly job: Job;
  readonly project: Project;
  readonly words: string;
}

function Running({ job, project, words }: RunningProps) {
  const cancel = useCancelJob(project.id);
  const { done = 0, total = 0, seconds_left: left } = job.progress;
  const share = total > 0 ? (100 * done) / total : 0;
  return (
    <>
      <Group justify="space-between" wrap="nowrap">
        <span>{words}</span>
        {project.role === 'lead' && (
          <Button
            size="compact-sm"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(job.id)}
          >
            Cancel
          </Button>
        )}
      </Group>
      <Progress.Root size="sm" my={8}>
        <Progress.Section value={share} aria-label="Job progress" />
      </Progress.Root>
      <Group justify="space-between" className={classes.quiet}>
        <span>{total > 0 ? `${done} of ${total}` : ' '}</span>
        <span>
          {cancel.error?.message ??
            (left === null || left === undefined ? '' : `about ${duration(left)} left`)}
        </span>
      </Group>
    </>
  );
}
