/** The smallest island that stays, in what the reader is shown. */
import type { PanelSettings } from './settings';

type Least = { readonly min_ml: number } | { readonly min_voxels: number };

/** In millilitres; in voxels where nobody knows how large a voxel is. */
export function leastIsland(
  { islandsLeast_ml, islandsLeast_voxels }: Pick<PanelSettings, 'islandsLeast_ml' | 'islandsLeast_voxels'>,
  isMeasured: boolean,
): Least {
  return isMeasured ? { min_ml: islandsLeast_ml } : { min_voxels: islandsLeast_voxels };
}
