import { CornerstoneViewer } from './cornerstoneViewer';
import type { PlaneElements, ViewerInput, ViewerPort } from './port';

export * from './port';
export * from './tools/port';
export * from './views/port';

/** Mounts three planes. The elements must have a size; give them back with `destroy`. */
export function createViewer(elements: PlaneElements, input: ViewerInput): Promise<ViewerPort> {
  return CornerstoneViewer.create(elements, input);
}
