import { useEffect, useState, useSyncExternalStore } from 'react';
import { pingSession } from '../../api';
import { ActiveClock, type SaveQueue, type SaveState } from '../../session';
import { type OpenedCase, openCase } from './openCase';
import { useRead } from './readStore';

export type Opening =
  | { readonly kind: 'opening' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'open'; readonly opened: OpenedCase };

/** One case at a time: the next one is opened when the one before has let go of its lock. */
let lastClosed: Promise<void> = Promise.resolve();

/** A higher `attempt` closes the case and opens it again. */
export function useOpenCase(assignment: number, user: string, attempt: number): Opening {
  const [opening, setOpening] = useState<Opening>({ kind: 'opening' });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt opens the same case again
  useEffect(() => {
    let isGone = false;
    setOpening({ kind: 'opening' });
    const pending = lastClosed.then(() => openCase(assignment, user));
    pending.then(
      (opened) => {
        if (!isGone) {
          begin(opened);
          setOpening({ kind: 'open', opened });
        }
      },
      (error: unknown) => !isGone && setOpening({ kind: 'failed', error }),
    );
    return () => {
      isGone = true;
      lastClosed = pending.then(
        (opened) => opened.close(),
        () => undefined,
      );
    };
  }, [assignment, user, attempt]);
  return opening;
}

/** Sets the page up for this case and lets the queue send what an earlier tab kept. */
function begin({ assignment, prediction, queue, session }: OpenedCase): void {
  useRead.getState().open(assignment.structures, assignment.role === 'review' && prediction !== null);
  queue.start(session);
}

export function useSaveState(queue: SaveQueue): SaveState {
  return useSyncExternalStore(
    (watcher) => queue.subscribe(watcher),
    () => queue.state,
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
