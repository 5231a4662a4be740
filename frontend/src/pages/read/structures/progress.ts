import type { ViewerPort } from '../../../viewer';
import type { Progress } from './groups';

/** How far each structure is, by the voxels drawn and the slices looked at. */
export function progressOf({ engine, views }: ViewerPort): Progress {
  return {
    isDrawn: ({ layer, value }) => engine.voxelCount(layer, value) > 0,
    lookedShare: ({ layer, value }) => views.lookedShare({ layer, value }),
  };
}
