import type { VoiWindow } from '../../viewer';

export interface WindowPreset {
  readonly name: string;
  readonly key: string;
  readonly window: VoiWindow;
}

/** In Hounsfield units, in the order of F1 to F6. */
export const WINDOW_PRESETS: readonly WindowPreset[] = [
  { name: 'Soft tissue', key: 'F1', window: { width: 400, level: 40 } },
  { name: 'Lung', key: 'F2', window: { width: 1500, level: -600 } },
  { name: 'Bone', key: 'F3', window: { width: 2000, level: 400 } },
  { name: 'Liver', key: 'F4', window: { width: 150, level: 60 } },
  { name: 'Brain', key: 'F5', window: { width: 80, level: 40 } },
  { name: 'Angio', key: 'F6', window: { width: 600, level: 300 } },
];

export const SMALLEST_RADIUS_MM = 0.5;
export const LARGEST_RADIUS_MM = 50;

/** One step of [ or ]: fine for small brushes, coarse for large ones. */
export function stepRadius(radius_mm: number, direction: 1 | -1): number {
  const step = radius_mm + direction < 3 ? 0.5 : radius_mm + direction < 15 ? 1 : 2;
  const stepped = Math.round((radius_mm + direction * step) / step) * step;
  return Math.min(LARGEST_RADIUS_MM, Math.max(SMALLEST_RADIUS_MM, stepped));
}
