import { useEffect } from 'react';
import { DraftKeeper, PastRevisions } from '../../../session';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { takePlace } from './place';
import { lendPast } from './undo';

/** Lets undo go on beyond the opening of the case, and keeps the stroke that is being drawn. */
export function usePast({ assignment, queue }: OpenedCase): void {
  const port = useRead((state) => state.port);
  useEffect(() => {
    if (port === null) {
      return undefined;
    }
    const place = takePlace(assignment.id);
    if (place !== null) {
      port.goTo(place);
    }
    if (!assignment.editable) {
      return undefined;
    }
    const { engine } = port;
    const openedAt = (): number | null => queue.openedAt;
    const onFound = (step: object, revision: number): void => queue.made.set(step, revision);
    lendPast(new PastRevisions({ engine, mask: assignment.mask.id, openedAt, onFound }));
    const drafts = new DraftKeeper(engine, queue);
    drafts.start();
    return () => {
      drafts.stop();
      lendPast(null);
    };
  }, [port, assignment, queue]);
}
