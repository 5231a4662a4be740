/** Lets the browser compile the engine before the reader's first stroke, in the time that the page has to spare. */
import { warmUp } from '../voxels';

/** Once for all cases of this page. */
let isWarm = false;

/** A piece of work where the page is never idle, and how long it may wait for that. */
const PIECE_MS = 4;
const WAIT_MS = 100;

export function warmEngine(): void {
  if (isWarm) return;
  isWarm = true;
  const steps = warmUp();
  const work = (hasTime: () => boolean): void => {
    do {
      if (steps.next().done === true) return;
    } while (hasTime());
    whenIdle(work);
  };
  whenIdle(work);
}

function whenIdle(work: (hasTime: () => boolean) => void): void {
  if (typeof requestIdleCallback === 'function') {
    requestIdleCallback((idle) => work(() => idle.timeRemaining() > PIECE_MS), { timeout: WAIT_MS });
    return;
  }
  // Safari does not tell when it is idle.
  setTimeout(() => {
    const until = performance.now() + PIECE_MS;
    work(() => performance.now() < until);
  }, 0);
}
