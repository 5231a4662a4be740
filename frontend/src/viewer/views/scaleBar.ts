/** How long the bar is that tells how large the image is shown. */

const STEPS = [1, 2, 5];

export interface ScaleBar {
  /** In voxels where nobody knows how large they are. */
  readonly mm: number;
  readonly px: number;
  /** As it is written: whole centimetres from ten millimetres on. */
  readonly words: string;
}

/**
 * The longest round length (1, 2, 5, 10, 20 … mm) that takes at most so many pixels. Not `isMeasured`: voxels, each a
 * millimetre by name, and no less than one.
 */
export function scaleBar(pixelsPerMm: number, mostPx: number, isMeasured = true): ScaleBar {
  const most = mostPx / pixelsPerMm;
  const decade = 10 ** Math.floor(Math.log10(most));
  const round = decade * (STEPS.findLast((step) => step * decade <= most * (1 + 1e-9)) ?? 1);
  const mm = isMeasured ? round : Math.max(1, round);
  return { mm, px: mm * pixelsPerMm, words: isMeasured ? lengthWords(mm) : voxelWords(mm) };
}

function lengthWords(mm: number): string {
  return mm >= 10 ? `${Math.round(mm / 10)} cm` : `${Number(mm.toPrecision(1))} mm`;
}

function voxelWords(count: number): string {
  return count === 1 ? '1 voxel' : `${Math.round(count)} voxels`;
}
