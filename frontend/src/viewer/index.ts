import { CaseViewer } from './caseViewer';
import type { PlaneElements, ViewerInput, ViewerPort } from './port';

export * from './port';
export { endsOf, type KeptMeasurement, measurementOf, textOf } from './tools/measure';
export * from './tools/port';
export { type FirstLookInput, showFirst } from './views/firstLook';
export * from './views/port';
export { prefetchImage } from './views/prefetch';

/** Mounts three planes. The elements must have a size; give them back with `destroy`. */
export async function createViewer(elements: PlaneElements, input: ViewerInput): Promise<ViewerPort> {
  return new CaseViewer(elements, input);
}
