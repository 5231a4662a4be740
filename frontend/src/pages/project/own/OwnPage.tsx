import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { type OwnReading, useOwnReading, useProject } from '../../../api';
import { Header } from '../../shell/Header';
import { Message } from '../../shell/RootLayout';
import { OwnErrors } from './OwnErrors';
import classes from './OwnPage.module.css';
import { OwnScores } from './OwnScores';
import { OwnTime } from './OwnTime';

const route = getRouteApi('/signedIn/projects/$projectId/reading');

/** A reader's own numbers, and nobody else's. */
export function OwnPage() {
  const { projectId } = route.useParams();
  const { me } = route.useRouteContext();
  const id = Number(projectId);
  const own = useOwnReading(id);
  const project = useProject(id);
  const structures = new Map(project.data?.structures.map(({ key, name }) => [key, name]));
  return (
    <div>
      <Header me={me} project={me.projects.find((one) => one.id === id) ?? null} page="project" />
      {own.data !== undefined && (
        <main className={classes.main}>
          <h1 className={classes.title}>My reading</h1>
          <Numbers own={own.data} />
          <OwnScores own={own.data} structures={structures} />
          <div className={classes.grid}>
            <OwnTime own={own.data} />
            <OwnErrors own={own.data} structures={structures} />
          </div>
        </main>
      )}
      {own.data === undefined && own.error !== null && (
        <Message title="Your numbers could not be read" text={own.error.message}>
          <Button onClick={() => void own.refetch()}>Try again</Button>
        </Message>
      )}
    </div>
  );
}

function Numbers({ own }: { readonly own: OwnReading }) {
  const { reads, active_hours: hours, reviewed, accepted, accepted_low: low, accepted_high: high } = own;
  if (reads === 0) {
    return (
      <p className={classes.line}>
        You have not handed in a read yet. Take your next case from the worklist.
      </p>
    );
  }
  const share =
    reviewed === 0 || low === null || high === null
      ? 'None of them was reviewed yet.'
      : `${accepted} of ${reviewed} reviewed reads were accepted at once (${percent(accepted / reviewed)}, 95 % CI ${percent(low)} to ${percent(high)}).`;
  return (
    <p className={classes.line}>
      <strong>{reads === 1 ? '1 read' : `${reads} reads`}</strong> in {hours.toFixed(1)} hours at work.{' '}
      {share}
    </p>
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
