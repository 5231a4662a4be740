import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { lastClosed, Outbox, type Waiting } from '../../session';
import { Notice } from '../shell/Notice';
import { strokes } from '../words';

/** Strokes that an earlier tab could not send: opening the case sends them. */
export function KeptStrokes({ user }: { readonly user: string }) {
  const waiting = useWaiting(user);
  return waiting.map(({ assignment, strokes: count }) => (
    <Notice key={assignment} tone="needsYou">
      {strokes(count)} of an earlier session {count === 1 ? 'is' : 'are'} kept on this computer and not saved
      yet.{' '}
      <Link to="/annotate/$assignmentId" params={{ assignmentId: String(assignment) }}>
        Open the case to send {count === 1 ? 'it' : 'them'}.
      </Link>
    </Notice>
  ));
}

function useWaiting(user: string): readonly Waiting[] {
  const [waiting, setWaiting] = useState<readonly Waiting[]>([]);
  useEffect(() => {
    let isGone = false;
    void listWaiting(user).then((found) => {
      if (!isGone) {
        setWaiting(found);
      }
    });
    return () => {
      isGone = true;
    };
  }, [user]);
  return waiting;
}

async function listWaiting(user: string): Promise<readonly Waiting[]> {
  try {
    await lastClosed();
    const outbox = await Outbox.open();
    const waiting = await outbox.waiting(user);
    outbox.close();
    return waiting;
  } catch {
    // Without IndexedDB nothing can have been kept.
    return [];
  }
}
