import { sizeWords } from '../words';
import { useRead } from './readStore';

/** Why sizes are in voxels, in a sentence. */
export const UNKNOWN_SPACING =
  'The files do not say how large a voxel is: nothing is in millimetres or millilitres until a lead gives the spacing.';

/** Says a volume in millilitres, or in voxels where the scan's spacing is not known. */
export function useSizeWords(): (volume_ml: number) => string {
  const voxel_ml = useRead((state) => state.voxel_ml);
  const isMeasured = useRead((state) => state.isMeasured);
  return (volume_ml) => sizeWords(volume_ml, voxel_ml ?? 1, isMeasured);
}

/** What lengths of tools are in. */
export function useLengthUnit(): 'mm' | 'voxels' {
  return useRead((state) => state.isMeasured) ? 'mm' : 'voxels';
}
