/** The HU within an ellipse: of every voxel of its slice whose centre it holds, or of samples of a turned plane. */
import type { Triple } from '../../voxels';
import type { PlaneFrame } from '../planeFrame';
import { type Ellipse, middleOf } from './ellipse';
import type { ToolImage } from './host';
import type { GreyInside } from './port';
import { apart, isStraight } from './sheet';

/** Null while a part of it is not loaded in full. */
export function greyInside(ellipse: Ellipse, frame: PlaneFrame, image: ToolImage): GreyInside | null {
  const sums = new Sums();
  const isWhole = isStraight(ellipse.tilt)
    ? ofVoxels(ellipse, frame, image, sums)
    : ofSamples(ellipse, frame, image, sums);
  return isWhole ? sums.summary() : null;
}

class Sums {
  private count = 0;
  private sum = 0;
  private squares = 0;
  private least = Number.POSITIVE_INFINITY;
  private most = Number.NEGATIVE_INFINITY;

  note(hu: number): void {
    this.count += 1;
    this.sum += hu;
    this.squares += hu * hu;
    if (hu < this.least) this.least = hu;
    if (hu > this.most) this.most = hu;
  }

  summary(): GreyInside {
    const { count, sum, squares, least, most } = this;
    if (count === 0) return { samples: 0, mean_hu: 0, sd_hu: 0, least_hu: 0, most_hu: 0 };
    const mean_hu = sum / count;
    const sd_hu = Math.sqrt(Math.max(0, squares / count - mean_hu ** 2));
    return { samples: count, mean_hu, sd_hu, least_hu: least, most_hu: most };
  }
}

function ofVoxels(ellipse: Ellipse, frame: PlaneFrame, image: ToolImage, sums: Sums): boolean {
  const { across, along, normal, columns, rows } = frame;
  const middle = middleOf(ellipse);
  const [[, first], [, second]] = ellipse.axes;
  const [ux, uy] = [first[across] - middle[across], first[along] - middle[along]];
  const [vx, vy] = [second[across] - middle[across], second[along] - middle[along]];
  const det = ux * vy - uy * vx;
  const reach = { x: Math.hypot(ux, vx), y: Math.hypot(uy, vy) };
  const at: [number, number, number] = [0, 0, 0];
  at[normal] = ellipse.slice;
  for (let row = first0(middle[along] - reach.y); row <= last0(middle[along] + reach.y, rows); row++) {
    at[along] = row;
    const y = row - middle[along];
    for (
      let column = first0(middle[across] - reach.x);
      column <= last0(middle[across] + reach.x, columns);
      column++
    ) {
      const x = column - middle[across];
      // As shares of the two half axes.
      const [a, b] = [(x * vy - y * vx) / det, (y * ux - x * uy) / det];
      // A division by nothing is no number, and no number is within.
      if (!(a * a + b * b <= 1)) continue;
      at[across] = column;
      if (!image.isFull(at[2])) return false;
      sums.note(voxel(image, at));
    }
  }
  return true;
}

/** As close together as the closest voxels are, between them where they fall there. */
function ofSamples(ellipse: Ellipse, frame: PlaneFrame, image: ToolImage, sums: Sums): boolean {
  const middle = middleOf(ellipse);
  const [first, second] = ellipse.axes;
  const step_mm = Math.min(...frame.spacing_mm);
  const perFirst = (2 * step_mm) / apart(frame, ...first);
  const perSecond = (2 * step_mm) / apart(frame, ...second);
  if (!Number.isFinite(perFirst) || !Number.isFinite(perSecond)) return true;
  for (let m = -Math.floor(1 / perSecond); m <= 1 / perSecond; m++) {
    for (let n = -Math.floor(1 / perFirst); n <= 1 / perFirst; n++) {
      const [a, b] = [n * perFirst, m * perSecond];
      if (a * a + b * b > 1) continue;
      const along = (axis: 0 | 1 | 2): number =>
        middle[axis] + a * (first[1][axis] - middle[axis]) + b * (second[1][axis] - middle[axis]);
      const hu = between(image, [along(0), along(1), along(2)]);
      if (hu === null) return false;
      if (!Number.isNaN(hu)) sums.note(hu);
    }
  }
  return true;
}

/** Linear between eight voxels; NaN beside the scan, null where it is not here. */
function between(image: ToolImage, at: Triple): number | null {
  const isInside = at.every((value, axis) => value >= 0 && value <= (image.shape[axis] as number) - 1);
  if (!isInside) return Number.NaN;
  const low = at.map(Math.floor) as unknown as Triple;
  let hu = 0;
  for (let corner = 0; corner < 8; corner++) {
    const here: [number, number, number] = [0, 0, 0];
    let share = 1;
    for (let axis = 0; axis < 3; axis++) {
      const isHigh = (corner >> axis) & 1;
      const rest = (at[axis] as number) - (low[axis] as number);
      share *= isHigh === 1 ? rest : 1 - rest;
      here[axis] = (low[axis] as number) + isHigh;
    }
    if (share === 0) continue;
    if (!image.isFull(here[2])) return null;
    hu += share * voxel(image, here);
  }
  return hu;
}

function voxel({ slices, shape }: ToolImage, [i, j, k]: Triple): number {
  return (slices[k] as Int16Array)[i + shape[0] * j] as number;
}

function first0(low: number): number {
  return Math.max(0, Math.ceil(low));
}

function last0(high: number, count: number): number {
  return Math.min(count - 1, Math.floor(high));
}

/** Lines for a person. */
export function greyWords(grey: GreyInside | null): readonly string[] {
  if (grey === null) return ['HU: still loading'];
  if (grey.samples === 0) return ['no voxel inside'];
  const { mean_hu, sd_hu, least_hu, most_hu } = grey;
  return [
    `${signed(mean_hu, 1)} ± ${sd_hu.toFixed(1)} HU (SD)`,
    `${signed(least_hu, 0)} … ${signed(most_hu, 0)} HU`,
  ];
}

/** With a true minus sign. */
function signed(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−');
}
