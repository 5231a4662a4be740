import type { VoiWindow } from '../../../viewer';

export interface WindowPreset {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly window: VoiWindow;
}

/** In Hounsfield units, in the order of F1 to F6. */
export const WINDOW_PRESETS: readonly WindowPreset[] = [
  { id: 'soft_tissue', name: 'Soft tissue', key: 'f1', window: { width: 400, level: 40 } },
  { id: 'lung', name: 'Lung', key: 'f2', window: { width: 1500, level: -600 } },
  { id: 'bone', name: 'Bone', key: 'f3', window: { width: 2000, level: 400 } },
  { id: 'liver', name: 'Liver', key: 'f4', window: { width: 150, level: 60 } },
  { id: 'brain', name: 'Brain', key: 'f5', window: { width: 80, level: 40 } },
  { id: 'angio', name: 'Angio', key: 'f6', window: { width: 600, level: 300 } },
];

/** Radii in millimetres that [ and ] and the slider step through: fine for small brushes, coarse for large ones. */
export const RADII_MM: readonly number[] = [...range(0.5, 3, 0.5), ...range(4, 14, 1), ...range(16, 50, 2)];

function range(first: number, last: number, step: number): number[] {
  return Array.from({ length: Math.round((last - first) / step) + 1 }, (_, n) => first + n * step);
}

/** The next larger or smaller radius; the wheel may have left the brush between two of them. */
export function stepRadius(radius_mm: number, direction: 1 | -1): number {
  const next =
    direction > 0
      ? RADII_MM.find((radius) => radius > radius_mm)
      : RADII_MM.findLast((radius) => radius < radius_mm);
  return next ?? radius_mm;
}

/** Place of a radius among `RADII_MM`. */
export function radiusStep(radius_mm: number): number {
  const above = RADII_MM.findIndex((radius) => radius >= radius_mm);
  return above < 0 ? RADII_MM.length - 1 : above;
}
