/** Gets the drawing and the engine ready for the reader, in the time that the page has to spare. */
import { type EditEngine, warmUp } from '../voxels';
import { warmDrawing } from './warmDrawing';

/** Once for all cases of this page. */
let isWarm = false;

/** Work in one turn, and how long it may wait for the page to be idle. */
const TURN_MS = 4;
const WAIT_MS = 40;

/** Lets the browser compile what draws a mask, and the engine, before they are needed. */
export function warmEngine(): void {
  if (isWarm) return;
  isWarm = true;
  atLeisure(inThisOrder(warmDrawing(), warmUp()));
}

function* inThisOrder(...all: readonly Generator<unknown, void>[]): Generator<unknown, void> {
  for (const steps of all) yield* steps;
}

/** Memory for the strokes of this case. */
export function readyEngine(engine: EditEngine): void {
  atLeisure(engine.prepare());
}

function atLeisure(steps: Generator<unknown, void>): void {
  const work = (): void => {
    const until = performance.now() + TURN_MS;
    do {
      if (steps.next().done === true) return;
    } while (performance.now() < until);
    whenIdle(work);
  };
  whenIdle(work);
}

function whenIdle(work: () => void): void {
  // Safari does not tell when it is idle.
  if (typeof requestIdleCallback === 'function') requestIdleCallback(work, { timeout: WAIT_MS });
  else setTimeout(work, 0);
}
