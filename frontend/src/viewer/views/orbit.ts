/** How the 3-D view looks at the scan: turned about a point, without perspective. Millimetres along array axes. */
import type { Triple } from '../../voxels';
import { dot, times } from './vectors';

export interface Orbit {
  readonly centre: Triple;
  /** Turn about the head-foot axis, radians; 0 looks from in front of the patient. */
  readonly yaw: number;
  /** Above 0 looks from above. */
  readonly pitch: number;
  readonly pixelsPerMm: number;
}

/** Unit vectors of the screen: to the right, upwards, and towards the reader. */
export interface ScreenAxes {
  readonly right: Triple;
  readonly up: Triple;
  readonly towards: Triple;
}

const TURN_PER_PIXEL = 0.01;
const STEEPEST = Math.PI / 2;
const SMALLEST_SCALE = 0.05;
const LARGEST_SCALE = 40;

/** Arrays run to the patient's left, to posterior and to superior. */
export function screenAxes({ yaw, pitch }: Orbit): ScreenAxes {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return {
    right: [cy, sy, 0],
    up: [-sy * sp, cy * sp, cp],
    towards: [sy * cp, -cy * cp, sp],
  };
}

export function turned(orbit: Orbit, dx: number, dy: number): Orbit {
  const pitch = Math.min(STEEPEST, Math.max(-STEEPEST, orbit.pitch + dy * TURN_PER_PIXEL));
  return { ...orbit, yaw: orbit.yaw - dx * TURN_PER_PIXEL, pitch };
}

export function moved(orbit: Orbit, dx: number, dy: number): Orbit {
  const { right, up } = screenAxes(orbit);
  const { centre, pixelsPerMm } = orbit;
  const along = (axis: 0 | 1 | 2): number => centre[axis] + (-dx * right[axis] + dy * up[axis]) / pixelsPerMm;
  return { ...orbit, centre: [along(0), along(1), along(2)] };
}

export function scaled(orbit: Orbit, factor: number): Orbit {
  const pixelsPerMm = Math.min(LARGEST_SCALE, Math.max(SMALLEST_SCALE, orbit.pixelsPerMm * factor));
  return { ...orbit, pixelsPerMm };
}

/** Looks at the whole of a box from in front. */
export function fitted(size_mm: Triple, width: number, height: number): Orbit {
  const diagonal = Math.hypot(...size_mm);
  return {
    centre: [size_mm[0] / 2, size_mm[1] / 2, size_mm[2] / 2],
    yaw: 0,
    pitch: 0.2,
    pixelsPerMm: Math.max(SMALLEST_SCALE, Math.min(width, height) / (0.85 * diagonal)),
  };
}

/** From millimetres to clip space, column by column; what is within `reach_mm` of the centre is not cut off. */
export function clipMatrix(orbit: Orbit, width: number, height: number, reach_mm: number): Float32Array {
  const { right, up, towards } = screenAxes(orbit);
  const { centre, pixelsPerMm } = orbit;
  const rows = [
    times(right, (2 * pixelsPerMm) / width),
    times(up, (2 * pixelsPerMm) / height),
    times(towards, -1 / reach_mm),
  ] as const;
  const matrix = new Float32Array(16);
  rows.forEach((row, r) => {
    for (let axis = 0; axis < 3; axis++) matrix[4 * axis + r] = row[axis] as number;
    matrix[12 + r] = -dot(row, centre);
  });
  matrix[15] = 1;
  return matrix;
}

/** The same look, narrowed to one canvas pixel (from the top left), which then fills clip space. */
export function pixelMatrix(
  matrix: Float32Array,
  x: number,
  y: number,
  width: number,
  height: number,
): Float32Array {
  const narrowed = matrix.slice();
  const middle = [(2 * x) / width - 1, 1 - (2 * y) / height];
  const factor = [width, height];
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 4; column++) {
      const at = 4 * column + row;
      const shift = column === 3 ? (middle[row] as number) : 0;
      narrowed[at] = ((matrix[at] as number) - shift) * (factor[row] as number);
    }
  }
  return narrowed;
}

/** The point at a canvas pixel (from the top left) and a depth of clip space, -1 to 1. */
export function pointAt(
  orbit: Orbit,
  at: { readonly x: number; readonly y: number; readonly depth: number },
  width: number,
  height: number,
  reach_mm: number,
): Triple {
  const { right, up, towards } = screenAxes(orbit);
  const { centre, pixelsPerMm } = orbit;
  const across = (at.x - width / 2) / pixelsPerMm;
  const upwards = (height / 2 - at.y) / pixelsPerMm;
  const forwards = -at.depth * reach_mm;
  const along = (axis: 0 | 1 | 2): number =>
    centre[axis] + across * right[axis] + upwards * up[axis] + forwards * towards[axis];
  return [along(0), along(1), along(2)];
}

const LETTERS: readonly (readonly [positive: string, negative: string])[] = [
  ['L', 'R'],
  ['P', 'A'],
  ['S', 'I'],
];

/** The patient's side that a direction of the screen points to most. */
export function letterOf(direction: Triple): string {
  const axis = [0, 1, 2].reduce((best, n) =>
    Math.abs(direction[n] as number) > Math.abs(direction[best] as number) ? n : best,
  );
  return (direction[axis] as number) >= 0 ? (LETTERS[axis]?.[0] ?? '') : (LETTERS[axis]?.[1] ?? '');
}
