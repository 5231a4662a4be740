import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { type Me, type ProjectRef, useWorklist, type Worklist } from '../../api';
import { Header } from '../shell/Header';
import { Notice } from '../shell/Notice';
import { Message } from '../shell/RootLayout';
import { useUpcoming } from '../upcoming/useUpcoming';
import { codeWords } from '../words';
import { KeptStrokes } from './KeptStrokes';
import { NextAdjudication, NextCase, NextReview } from './NextCase';
import { ReadList, VerdictWord } from './ReadList';
import { UndoNotice, UndoRowButton } from './UndoNotice';
import { useTakeBack, useUndo } from './useUndo';
import classes from './WorklistPage.module.css';

const route = getRouteApi('/signedIn/worklist');

export function WorklistPage() {
  const { me } = route.useRouteContext();
  const { project: wanted } = route.useSearch();
  const project = me.projects.find(({ id }) => id === wanted) ?? me.projects[0] ?? null;
  return (
    <div className={classes.page}>
      <Header me={me} project={project} page="worklist" />
      {project === null ? <NoProject me={me} /> : <ReaderHome key={project.id} me={me} project={project} />}
    </div>
  );
}

function NoProject({ me }: { readonly me: Me }) {
  return (
    <Message
      title="You belong to no project yet"
      text="Ask the lead of your study for an invitation: a link that makes you a member."
    >
      {me.may_create_projects && (
        <Button renderRoot={(props) => <Link to="/projects/new" {...props} />}>Create a project</Button>
      )}
    </Message>
  );
}

interface ReaderHomeProps {
  readonly me: Me;
  readonly project: ProjectRef;
}

function ReaderHome({ me, project }: ReaderHomeProps) {
  const worklist = useWorklist(project.id);
  if (worklist.data === undefined) {
    return worklist.error === null ? (
      <main className={classes.main} aria-busy="true" />
    ) : (
      <Message title="The worklist could not be read" text={worklist.error.message}>
        <Button onClick={() => void worklist.refetch()}>Try again</Button>
      </Message>
    );
  }
  return (
    <main className={classes.main}>
      {worklist.error !== null && (
        <Notice tone="needsYou">{worklist.error.message} What you see may be some minutes old.</Notice>
      )}
      <KeptStrokes user={me.username} />
      <Lists worklist={worklist.data} project={project} />
    </main>
  );
}

const CODE_AFTER_MS = 500;

/** The code of the page that a case opens on, while nothing else is to be done. */
function usePageAhead(): void {
  useEffect(() => {
    const timer = setTimeout(() => void import('../read/ReadPage').catch(() => undefined), CODE_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}

function nothingOpen({ next }: Worklist): string {
  return next.available ? 'Nothing is open. Take the next case above.' : 'Nothing is open.';
}

/** What the first open pin says; without pins, the reviewer's comment. */
function returnedWords({ first_pin, open_pins, comment }: Worklist['returned'][number]): string {
  if (first_pin === null) {
    return comment;
  }
  const words = first_pin.text === '' ? codeWords(first_pin.error_code) : first_pin.text;
  return open_pins === 1 ? `1 pin: ${words}` : `${open_pins} pins, the first: ${words}`;
}

function Lists({ worklist, project }: { readonly worklist: Worklist; readonly project: ProjectRef }) {
  const reviews = project.role !== 'annotator';
  useUpcoming(project.id, null, worklist.next.available);
  usePageAhead();
  const undo = useUndo(project.id, true);
  const back = useTakeBack();
  const reviewFirst = reviews && worklist.reviews.waiting + worklist.reviews.in_progress.length > 0;
  return (
    <>
      <div className={classes.next}>
        {reviewFirst && <NextReview project={project.id} reviews={worklist.reviews} isFirst />}
        {reviews && <NextAdjudication project={project.id} />}
        <NextCase project={project.id} next={worklist.next} isFirst={!reviewFirst} />
      </div>
      {reviews && !reviewFirst && <p className={classes.hint}>No read is waiting for review.</p>}
      <ReadList title="Returned to you" needsYou reads={worklist.returned} describe={returnedWords} />
      <ReadList title="Reviews in progress" reads={worklist.reviews.in_progress} />
      <ReadList
        title="In progress"
        reads={worklist.in_progress}
        empty={worklist.returned.length > 0 ? undefined : nothingOpen(worklist)}
      />
      <ReadList
        title="My last ten"
        reads={worklist.recent}
        describe={(read) => <VerdictWord verdict={read.verdict} />}
        act={(read) => <UndoRowButton undo={undo} back={back} read={read.id} />}
        empty="Cases that you submit are listed here with their verdicts."
      />
      <UndoNotice undo={undo} back={back} />
    </>
  );
}
