import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { type Operations, useOperations } from '../../api';
import { Header } from '../shell/Header';
import { Notice } from '../shell/Notice';
import { Message } from '../shell/RootLayout';
import { FailedJobs } from './FailedJobs';
import classes from './Operations.module.css';
import { Queues } from './Queues';
import { Workers } from './Workers';
import { ago, diskWords, size } from './words';

const route = getRouteApi('/signedIn/operations');

/** How the installation is doing, for its staff: asked again every few seconds. */
export function OperationsPage() {
  const { me } = route.useRouteContext();
  const told = useOperations();
  return (
    <div>
      <Header me={me} project={me.projects[0] ?? null} page="project" />
      {told.data === undefined && told.error === null && (
        <p className={classes.waiting} role="status">
          Asking the server…
        </p>
      )}
      {told.data === undefined && told.error !== null && (
        <Message title="The state of the installation could not be read" text={told.error.message}>
          <Button onClick={() => void told.refetch()}>Try again</Button>
        </Message>
      )}
      {told.data !== undefined && <Told told={told.data} stale={told.error?.message ?? null} />}
    </div>
  );
}

function Told({ told, stale }: { readonly told: Operations; readonly stale: string | null }) {
  return (
    <main className={classes.main}>
      <h1 className={classes.title}>Operations</h1>
      <Problems told={told} stale={stale} />
      <Queues queues={told.queues} />
      <Workers workers={told.workers} />
      <FailedJobs jobs={told.failed} />
      <div className={classes.cards}>
        <Room told={told} />
        <Facts
          title="Versions"
          facts={Object.entries(told.versions).sort(([one], [other]) => (one < other ? -1 : 1))}
        />
      </div>
    </main>
  );
}

/** What needs somebody, before everything else. */
function Problems({ told, stale }: { readonly told: Operations; readonly stale: string | null }) {
  const disks = [told.store_disk, told.work_disk];
  return (
    <div className={classes.problems}>
      {stale !== null && <Notice tone="failed">{stale} What you see below is what was known before.</Notice>}
      {!told.broker && (
        <Notice tone="failed">
          The broker (Valkey) does not answer. Readers can go on and nothing is lost; jobs wait until it is
          back.
        </Notice>
      )}
      {!told.store && (
        <Notice tone="failed">
          The store takes no bytes, so imports, exports and trainings fail. Look at its disk, its rights or
          its bucket.
        </Notice>
      )}
      {disks.some((disk) => disk !== null && !disk.has_room) && (
        <Notice tone="failed">A disk is nearly full. Make room before imports and trainings fail.</Notice>
      )}
    </div>
  );
}

function Room({ told }: { readonly told: Operations }) {
  const backup = told.backup;
  const none = told.broker ? 'none is known' : 'not known while the broker is away';
  return (
    <Facts
      title="Disks and backup"
      facts={[
        ['Store', told.store_disk === null ? 'in a bucket' : diskWords(told.store_disk)],
        ['Running trainings', diskWords(told.work_disk)],
        ['Database', size(told.database_bytes)],
        ['Last backup', backup === null ? none : `${ago(backup.age_s)}, ${size(backup.size_bytes)}`],
      ]}
    />
  );
}

interface FactsProps {
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
}

function Facts({ title, facts }: FactsProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      <h2>{title}</h2>
      <dl className={classes.facts}>
        {facts.map(([name, words]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
