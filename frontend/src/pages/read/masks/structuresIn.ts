import type { LabelMap } from '../../../voxels';
import { inPortions } from './portions';

/** `layer/value` of every structure that has a voxel; counted in portions. */
export async function structuresIn(
  map: LabelMap | null,
  isGone?: () => boolean,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (map === null) {
    return found;
  }
  const slices = map.shape[2];
  const seen = map.layers.map(() => new Uint8Array(256));
  await inPortions(
    slices * map.layers.length,
    (at) => {
      const layer = Math.floor(at / slices);
      note(map.layers[layer]?.[at % slices], seen[layer]);
    },
    isGone,
  );
  seen.forEach((values, layer) => {
    for (let value = 1; value < 255; value++) {
      if (values[value] === 1) found.add(`${layer}/${value}`);
    }
  });
  return found;
}

function note(voxels: Uint8Array | undefined, seen: Uint8Array | undefined): void {
  if (voxels !== undefined && seen !== undefined) {
    for (let p = 0; p < voxels.length; p++) {
      seen[voxels[p] as number] = 1;
    }
  }
}
