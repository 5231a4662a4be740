/** What the keys of a review do: one for each verdict. */

import type { Assignment } from '../../../api';
import { usePinStore } from '../pins/pinStore';
import { useRead } from '../readStore';
import { goToStructure } from '../structures/goTo';
import { nextToJudge, tallyOf, toJudge, useJudged } from './judgedStore';

/** Accepts the active structure and goes on to the next without a verdict. */
export function acceptActive(assignment: Assignment): void {
  const { active, activate } = useRead.getState();
  const structures = toJudge(assignment);
  if (active === null || !structures.some(({ key }) => key === active.key)) {
    return;
  }
  useJudged.getState().say(active.key, 'accept');
  const next = nextToJudge(structures, useJudged.getState().judged, active.key);
  if (next !== null) {
    activate(next);
    goToStructure(next);
  }
}

/** The active structure is to go back; a first pin on it is asked for at once. */
export function returnActive(): void {
  const { active, set } = useRead.getState();
  if (active === null) {
    return;
  }
  useJudged.getState().say(active.key, 'return');
  const hasPin = usePinStore.getState().pins?.some((pin) => pin.deletable && pin.structure === active.key);
  set({ panel: hasPin === true ? null : 'pin' });
}

/** The verdict on the whole: asks where structures are left, and what has to change where one is to go back. */
export function finishReview(assignment: Assignment, accept: () => void): void {
  const { set } = useRead.getState();
  const { left, returned } = tallyOf(assignment, useJudged.getState().judged);
  if (returned.length > 0) set({ panel: 'return' });
  else if (left.length > 0) set({ panel: 'accept' });
  else accept();
}
