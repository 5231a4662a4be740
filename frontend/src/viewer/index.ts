import { CaseViewer } from './caseViewer';
import type { PlaneElements, ViewerInput, ViewerPort } from './port';
import { chunkTurns } from './views/chunkTurns';

export * from './port';
export { greyWords } from './tools/ellipseGrey';
export { endsOf, type KeptMeasurement, measurementOf, textOf } from './tools/measure';
export * from './tools/port';
export { drawTurns } from './views/drawTurns';
export { type FirstLookInput, showFirst } from './views/firstLook';
export { turnedInPlane } from './views/planeAxes';
export * from './views/port';
export { prefetchImage } from './views/prefetch';

/**
 * Scans that come in, of whichever case, stand back for the next case that was asked for; what a case shows first goes
 * on. Returns the way to let them come again, which they do after a few seconds in any case.
 */
export function holdImages(): () => void {
  return chunkTurns.hold();
}

/** Mounts three planes. The elements must have a size; give them back with `destroy`. */
export async function createViewer(elements: PlaneElements, input: ViewerInput): Promise<ViewerPort> {
  return new CaseViewer(elements, input);
}
