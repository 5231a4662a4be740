import { Button, Group } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError, type Me } from '../../api';
import { Message } from '../shell/RootLayout';
import { Desk } from './Desk';
import { FirstLook } from './layout/FirstLook';
import classes from './ReadPage.module.css';
import { useOpenCase } from './useOpenCase';

const annotateRoute = getRouteApi('/signedIn/annotate/$assignmentId');
const reviewRoute = getRouteApi('/signedIn/review/$assignmentId');

export function AnnotatePage() {
  const { assignmentId } = annotateRoute.useParams();
  const { me } = annotateRoute.useRouteContext();
  return <ReadPage key={assignmentId} assignmentId={Number(assignmentId)} me={me} />;
}

export function ReviewPage() {
  const { assignmentId } = reviewRoute.useParams();
  const { me } = reviewRoute.useRouteContext();
  return <ReadPage key={assignmentId} assignmentId={Number(assignmentId)} me={me} />;
}

interface ReadPageProps {
  readonly assignmentId: number;
  readonly me: Me;
}

function ReadPage({ assignmentId, me }: ReadPageProps) {
  const [attempt, setAttempt] = useState(0);
  const again = () => setAttempt((count) => count + 1);
  const opening = useOpenCase(assignmentId, me.username, attempt);
  if (opening.kind === 'open') {
    return <Desk key={attempt} opened={opening.opened} username={me.username} onReopen={again} />;
  }
  if (opening.kind === 'opening') {
    return (
      <main className={classes.opening} aria-busy="true">
        {opening.found === null ? (
          <p className={classes.openingWords}>Opening the case…</p>
        ) : (
          <FirstLook assignment={opening.found} />
        )}
      </main>
    );
  }
  return (
    <main className={classes.opening}>
      <Message title="This case could not be opened" text={reasonOf(opening.error)}>
        <Group>
          <Button onClick={again}>Try again</Button>
          <Button variant="default" renderRoot={(props) => <Link to="/worklist" {...props} />}>
            Back to the worklist
          </Button>
        </Group>
      </Message>
    </main>
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError && error.status === 404) {
    return 'It is not yours to read, or it was given to somebody else because it lay untouched for too long. Take the next case from the worklist.';
  }
  return error instanceof Error ? error.message : String(error);
}
