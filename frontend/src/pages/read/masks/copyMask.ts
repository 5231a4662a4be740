import { LabelMap } from '../../../voxels';
import { inPortions } from './portions';

/** A map of its own with the same voxels, copied in portions. */
export async function copyMask(map: LabelMap): Promise<LabelMap> {
  const copy = LabelMap.empty(map.shape, map.layers.length);
  const slices = map.shape[2];
  await inPortions(slices * map.layers.length, (at) => {
    const [layer, k] = [Math.floor(at / slices), at % slices];
    const voxels = map.layers[layer]?.[k];
    if (voxels !== undefined) copy.layers[layer]?.[k]?.set(voxels);
  });
  return copy;
}
