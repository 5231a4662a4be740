import { useEffect } from 'react';
import type { ViewerPort } from '../../../viewer';
import { PLANES, type Plane } from '../../../voxels';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { nextUnlooked } from './looked';
import type { LookedKeeper } from './lookedKeeper';

/** Gives the viewer what was seen in earlier sittings, and keeps what is seen in this one. */
export function useLooked({ looked }: OpenedCase): void {
  const port = useRead((state) => state.port);
  useEffect(() => (port === null ? undefined : follow(port, looked)), [port, looked]);
}

function follow({ views }: ViewerPort, looked: LookedKeeper): () => void {
  for (const plane of PLANES) {
    views.setLooked(plane, looked.of(plane));
  }
  const note = (): void => {
    for (const plane of PLANES) {
      looked.note(plane, views.rail(plane).looked);
    }
  };
  const sendWhenHidden = (): void => {
    if (document.visibilityState === 'hidden') {
      void looked.flush();
    }
  };
  const stop = views.onRails(note);
  document.addEventListener('visibilitychange', sendWhenHidden);
  return () => {
    note();
    stop();
    document.removeEventListener('visibilitychange', sendWhenHidden);
  };
}

/** To the next slice of the active structure that was not looked at. False: every one was. */
export function walkUnlooked(by: 1 | -1, plane: Plane): boolean {
  const views = useRead.getState().port?.views;
  if (views === undefined) {
    return false;
  }
  const { active, looked } = views.rail(plane);
  const slice = nextUnlooked(active, looked, views.slices[plane], by);
  if (slice !== null) {
    views.setSlice(plane, slice);
  }
  return slice !== null;
}
