/** How large a brush is at first, at least and at most, and by how much it grows at each step. */
import type { Brush } from '../port';

export const START_BRUSH: Brush = { radius_mm: 6, sphere: false };

const STEP = 1.15;
const SMALLEST_MM = 0.5;
/** A larger one would hold the page up at each pointer event and send more than 5 KB. */
const LARGEST_MM = 40;

export function withinLimits({ radius_mm, sphere }: Brush): Brush {
  return { radius_mm: Math.min(LARGEST_MM, Math.max(SMALLEST_MM, radius_mm)), sphere };
}

export function resized(brush: Brush, steps: number): Brush {
  return { ...brush, radius_mm: brush.radius_mm * STEP ** steps };
}
