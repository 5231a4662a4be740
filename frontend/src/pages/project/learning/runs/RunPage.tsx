import { Anchor, Badge, Button, Progress } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { isGoingOn, type Project, type Run, useCancelJob, useProject, useRun } from '../../../../api';
import { Header } from '../../../shell/Header';
import { Message } from '../../../shell/RootLayout';
import { duration, MODEL_STATES } from '../../../words';
import { DiceChart, LossChart } from './EpochChart';
import classes from './runs.module.css';
import { optionsOf, resourcesOf, STATES, timeTaken } from './words';

const route = getRouteApi('/signedIn/projects/$projectId/runs/$runId');

/** One training, while it goes on and afterwards. */
export function RunPage() {
  const { projectId, runId } = route.useParams();
  const { me } = route.useRouteContext();
  const id = Number(projectId);
  const project = useProject(id);
  const run = useRun(id, Number(runId));
  return (
    <div>
      <Header me={me} project={me.projects.find((one) => one.id === id) ?? null} page="project" />
      {run.data !== undefined && (
        <main className={classes.main}>
          <Top run={run.data} project={id} isLead={project.data?.role === 'lead'} />
          <Course run={run.data} project={project.data ?? null} />
        </main>
      )}
      {run.data === undefined && run.error !== null && (
        <Message title="This training could not be read" text={run.error.message}>
          <Button onClick={() => void run.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

interface TopProps {
  readonly run: Run;
  readonly project: number;
  readonly isLead: boolean;
}

function Top({ run, project, isLead }: TopProps) {
  const cancel = useCancelJob(project);
  const { word, colour } = STATES[run.state];
  return (
    <header className={classes.top}>
      <div>
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link
              to="/projects/$projectId"
              params={{ projectId: String(project) }}
              search={{ tab: 'learning' }}
              {...props}
            />
          )}
        >
          All trainings
        </Anchor>
        <h1 className={classes.title}>
          Training {run.number}{' '}
          <Badge variant="light" color={colour} tt="none" size="lg">
            {word}
          </Badge>
        </h1>
      </div>
      {isLead && isGoingOn(run) && (
        <div className={classes.cancel}>
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(run.job.id)}>
            Cancel
          </Button>
          {cancel.error !== null && <p className={classes.problem}>{cancel.error.message}</p>}
        </div>
      )}
    </header>
  );
}

interface CourseProps {
  readonly run: Run;
  readonly project: Project | null;
}

function Course({ run, project }: CourseProps) {
  return (
    <>
      <section className={classes.panel} aria-label="Where it is">
        <State run={run} project={project} />
      </section>
      <div className={classes.charts}>
        <LossChart run={run} />
        <DiceChart run={run} />
      </div>
      <div className={classes.grid}>
        <Facts title="Options" rows={optionsOf(run)} />
        <Facts title="Frozen training set" rows={setOf(run)} />
        <Facts title="Resources" rows={resourcesOf(run)} empty={noResources(run)} />
        <Log run={run} />
      </div>
    </>
  );
}

const setOf = (run: Run): readonly (readonly [string, string])[] => [
  ['Learned from', String(run.cases.train)],
  ['Validation', String(run.cases.validation)],
  ['Test', String(run.cases.test)],
  ['SHA-256', run.snapshot_sha256 === '' ? 'not kept' : run.snapshot_sha256],
];

const noResources = (run: Run): string =>
  run.state === 'queued' ? 'No worker has taken it yet.' : 'The worker has told nothing of its machine.';

function State({ run, project }: CourseProps) {
  switch (run.state) {
    case 'queued':
      return (
        <p className={classes.line}>
          Waits for a worker. If it waits for long, look at whether one is running.
        </p>
      );
    case 'running':
      return <Running run={run} />;
    case 'failed':
      return (
        <p className={classes.problem} role="alert">
          {run.job.error || 'It failed and the worker gave no reason; see its log.'}
        </p>
      );
    case 'cancelled':
      return (
        <p className={classes.line}>
          Cancelled after {timeTaken(run)}. What was accepted is kept and can be trained on again.
        </p>
      );
    case 'succeeded':
      return <Finished run={run} project={project} />;
  }
}

function Finished({ run, project }: CourseProps) {
  const { sentence } = Object(run.job.result) as { sentence?: string };
  const gate = project?.models.find(({ id }) => id === run.model?.id)?.gate?.sentence ?? sentence;
  return (
    <p className={classes.line}>
      Finished in {timeTaken(run)}.{' '}
      {run.model !== null && (
        <strong>
          Model {run.model.version}, {MODEL_STATES[run.model.state].toLowerCase()}.
        </strong>
      )}{' '}
      {gate}
    </p>
  );
}

function Running({ run }: { readonly run: Run }) {
  const { done = 0, total = 0, message, stage, seconds_left: left, values = {} } = run.job.progress;
  const share = total > 0 ? (100 * done) / total : 0;
  const epoch = stage === 'train' && values.epoch !== undefined ? values.epoch + 1 : null;
  return (
    <>
      <div className={classes.figures}>
        <Figure name="Epoch" value={epoch === null ? '—' : String(epoch)} />
        <Figure name="Step" value={stage === 'train' ? `${done} of ${total}` : '—'} />
        <Figure name="Loss" value={values.loss === undefined ? '—' : values.loss.toFixed(3)} />
        <Figure name="Validation Dice" value={values.dice === undefined ? '—' : values.dice.toFixed(3)} />
        <Figure name="Time so far" value={timeTaken(run)} />
        <Figure name="Time left" value={left === null || left === undefined ? '—' : duration(left)} />
      </div>
      <Progress.Root size="sm" my={8}>
        <Progress.Section value={share} aria-label="How far the training is" />
      </Progress.Root>
      <p className={classes.quiet} aria-live="off">
        {message || stage || 'Begins'}
        {run.job.error !== '' && ` · ${run.job.error}`}
      </p>
    </>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <div className={classes.quiet}>{name}</div>
      <div className={classes.figure}>{value}</div>
    </div>
  );
}

interface FactsProps {
  readonly title: string;
  readonly rows: readonly (readonly [string, string])[];
  readonly empty?: string;
}

function Facts({ title, rows, empty = '' }: FactsProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      <h2>{title}</h2>
      {rows.length === 0 && <p className={classes.quiet}>{empty}</p>}
      <dl className={classes.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Log({ run }: { readonly run: Run }) {
  return (
    <section className={classes.panel} aria-label="Log">
      <h2>Log</h2>
      {run.notes.length === 0 && <p className={classes.quiet}>The worker has told nothing.</p>}
      <ol className={classes.log}>
        {run.notes.map(({ at, text }) => (
          <li key={`${at} ${text}`}>
            <time dateTime={at}>{new Date(at).toLocaleTimeString()}</time> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}
