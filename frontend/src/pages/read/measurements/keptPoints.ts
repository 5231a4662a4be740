/** Measurements as the server keeps them, in millimetres of the patient, and as the planes draw them. */

import type { MeasuredPoints, VolumeInfo } from '../../../api';
import { endsOf, type Measurement, measurementOf } from '../../../viewer';
import { indexToLps, lps, lpsToIndex, type Triple } from '../../../voxels';

export function keptPoints(measurement: Measurement, key: string, volume: VolumeInfo): MeasuredPoints {
  const { kind, plane, label, tilt } = measurement;
  const points_lps = endsOf(measurement).map(([, index]): Triple => {
    const [x, y, z] = indexToLps(volume, index);
    return [x, y, z];
  });
  return { key, kind, plane, points_lps, label, tilt_deg: tilt };
}

/** Null where the server gave fewer points than the kind has. */
export function drawnFrom(kept: MeasuredPoints, id: number, volume: VolumeInfo): Measurement | null {
  const { kind, plane, label } = kept;
  // What an older page left on this computer has none.
  const tilt: Triple = (kept as Partial<MeasuredPoints>).tilt_deg ?? [0, 0, 0];
  const points = kept.points_lps.map(([x, y, z]) => lpsToIndex(volume, lps(x, y, z)));
  return measurementOf({ id, kind, plane, label, tilt, points }, volume.shape, volume.spacing_mm);
}
