import { startTransition, useEffect, useState, useSyncExternalStore } from 'react';
import { type Assignment, pingSession } from '../../api';
import { ActiveClock, lastClosed, noteClosing, type SaveQueue, type SaveState } from '../../session';
import { type OpenedCase, openCase } from './openCase';
import { useRead } from './readStore';
import { useCompleted } from './review/completedStore';
import { useJudged } from './review/judgedStore';

export type Opening =
  | { readonly kind: 'opening'; readonly found: Assignment | null }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'open'; readonly opened: OpenedCase };

const SEND_AT_MOST_MS = 3_000;

/** A higher `attempt` closes the case and opens it again. */
export function useOpenCase(assignment: number, user: string, attempt: number): Opening {
  const [opening, setOpening] = useState<Opening>({ kind: 'opening', found: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt opens the same case again
  useEffect(() => {
    let isGone = false;
    setOpening({ kind: 'opening', found: null });
    const onFound = (found: Assignment): void => {
      if (!isGone) setOpening({ kind: 'opening', found });
    };
    const leaving = new AbortController();
    const pending = lastClosed(assignment).then(() => openCase(assignment, user, onFound, leaving.signal));
    pending.then(
      (opened) => {
        if (!isGone) {
          begin(opened);
          // The page is put up a few milliseconds at a time, while the first look still draws.
          startTransition(() => setOpening({ kind: 'open', opened }));
        }
      },
      (error: unknown) => !isGone && setOpening({ kind: 'failed', error }),
    );
    return () => {
      isGone = true;
      leaving.abort();
      noteClosing(
        assignment,
        pending.then(
          (opened) => finish(opened),
          () => undefined,
        ),
      );
    };
  }, [assignment, user, attempt]);
  return opening;
}

/** Leaving within the product sends the last strokes; what does not get through in time stays in the outbox. */
async function finish({ queue, looked, measured, close }: OpenedCase): Promise<void> {
  const sent = Promise.all([queue.flush(), looked.flush(), measured.flush()]);
  await Promise.race([sent, new Promise((resume) => setTimeout(resume, SEND_AT_MOST_MS))]);
  close();
}

/** The project whose hanging was applied last: within it the reader's own choice of layout stays. */
let hungFor: number | null = null;

/** Sets the page up for this case and lets the queue send what an earlier tab kept. */
function begin({ assignment, prediction, queue, session }: OpenedCase): void {
  const { open, set } = useRead.getState();
  useCompleted.getState().open(assignment);
  useJudged.getState().open(assignment);
  open(assignment.structures, assignment.role === 'review' && prediction !== null);
  if (hungFor !== assignment.project.id) {
    hungFor = assignment.project.id;
    set({ layout: assignment.hanging });
  }
  queue.start(session);
}

export function useSaveState(queue: SaveQueue): SaveState {
  return useSyncExternalStore(
    (watcher) => queue.subscribe(watcher),
    () => queue.state,
  );
}

/** The newest revision that the server has acknowledged. */
export function useHead(queue: SaveQueue): number {
  return useSyncExternalStore(
    (watcher) => queue.subscribe(watcher),
    () => queue.head,
  );
}

/** The browser asks before it throws away a page with unsaved strokes, and only then. */
export function useLeaveGuard(state: SaveState): void {
  const isUnsaved = state.kind !== 'saved';
  useEffect(() => {
    if (!isUnsaved) {
      return undefined;
    }
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isUnsaved]);
}

export function useActiveSeconds({ assignment, queue, session }: OpenedCase): number {
  const [seconds, setSeconds] = useState(assignment.active_seconds);
  useEffect(() => {
    if (session === null) {
      return undefined;
    }
    const clock = new ActiveClock({
      seconds: assignment.active_seconds,
      ping: (visible) => pingSession(session, visible),
      onSeconds: setSeconds,
    });
    clock.start();
    const stopListening = queue.onSaved((saved) => clock.correct(saved.active_seconds));
    return () => {
      stopListening();
      clock.stop();
    };
  }, [assignment, queue, session]);
  return seconds;
}
