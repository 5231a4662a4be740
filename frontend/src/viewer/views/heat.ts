/** Colours for uncertainty, and the picture of it in one section. */
import type { Triple } from '../../voxels';
import { type Bitmap, drawScaled, makeBitmap } from './bitmap';
import type { HeatMap } from './port';
import type { Section } from './section';

/** Samples across the longer side of a section: the map itself is coarse, the canvas smooths between them. */
const SAMPLES = 128;
/** Below this the model is sure: nothing is drawn. */
const SURE = 24;

/** Nodes of a perceptually even ramp from violet over red and orange to pale yellow (red, green, blue). */
const RAMP: readonly Triple[] = [
  [66, 10, 104],
  [106, 23, 110],
  [147, 38, 103],
  [188, 55, 84],
  [221, 81, 58],
  [243, 120, 25],
  [252, 165, 10],
  [246, 215, 70],
  [252, 255, 164],
];

/** Pixels (little endian RGBA) for uncertainty 0 to 255; opaque from half of the range on. */
export function heatColours(opacity: number): Uint32Array {
  const pixels = new Uint32Array(256);
  for (let value = SURE; value < 256; value++) {
    const [red, green, blue] = rampAt((value - SURE) / (255 - SURE));
    const alpha = Math.round(255 * opacity * Math.min(1, (value - SURE) / (128 - SURE)));
    pixels[value] = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return pixels;
}

function rampAt(share: number): Triple {
  const place = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const n = Math.min(RAMP.length - 2, Math.floor(place));
  const low = RAMP[n] as Triple;
  const high = RAMP[n + 1] as Triple;
  const mix = (axis: 0 | 1 | 2): number => Math.round(low[axis] + (high[axis] - low[axis]) * (place - n));
  return [mix(0), mix(1), mix(2)];
}

/** Uncertainty at a voxel index of the scan, linear between the centres of the map's own voxels. */
export function heatAt({ shape, values }: HeatMap, scan: Triple, index: Triple): number {
  const low = [0, 0, 0];
  const high = [0, 0, 0];
  const share = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    const size = shape[axis] as number;
    const place = (((index[axis] as number) + 0.5) * size) / (scan[axis] as number) - 0.5;
    const kept = Math.min(size - 1, Math.max(0, place));
    low[axis] = Math.floor(kept);
    high[axis] = Math.min(size - 1, (low[axis] as number) + 1);
    share[axis] = kept - (low[axis] as number);
  }
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    let weight = 1;
    const at = [0, 0, 0];
    for (let axis = 0; axis < 3; axis++) {
      const isHigh = (corner >> axis) & 1;
      weight *= isHigh === 1 ? (share[axis] as number) : 1 - (share[axis] as number);
      at[axis] = (isHigh === 1 ? high[axis] : low[axis]) as number;
    }
    if (weight > 0)
      sum +=
        weight *
        (values[(at[0] as number) + shape[0] * ((at[1] as number) + shape[1] * (at[2] as number))] as number);
  }
  return sum;
}

export class HeatPainter {
  private bitmap: Bitmap | null = null;
  private painted: { readonly key: string; readonly map: HeatMap; readonly colours: Uint32Array } | null =
    null;

  draw(
    context: CanvasRenderingContext2D,
    section: Section,
    scan: Triple,
    map: HeatMap,
    colours: Uint32Array,
  ): void {
    const step = Math.max(1, Math.max(section.columns, section.rows) / SAMPLES);
    const bitmap = this.bitmapOf(Math.ceil(section.columns / step), Math.ceil(section.rows / step));
    const { painted } = this;
    if (painted?.key !== section.key || painted.map !== map || painted.colours !== colours) {
      this.paint(bitmap, section, scan, map, colours, step);
      this.painted = { key: section.key, map, colours };
    }
    const { x0, y0, dx, dy } = section.transform;
    // The middle of a heat sample is the middle of the samples of the section that it stands for.
    const shift = (step - 1) / 2;
    const transform = { x0: x0 + dx * shift, y0: y0 + dy * shift, dx: dx * step, dy: dy * step };
    drawScaled(context, bitmap.canvas, transform, true);
  }

  private paint(
    { words, context, pixels, canvas }: Bitmap,
    section: Section,
    scan: Triple,
    map: HeatMap,
    colours: Uint32Array,
    step: number,
  ): void {
    const { origin, perColumn, perRow } = section;
    for (let row = 0; row < canvas.height; row++) {
      for (let column = 0; column < canvas.width; column++) {
        const c = (column + 0.5) * step - 0.5;
        const r = (row + 0.5) * step - 0.5;
        const along = (axis: 0 | 1 | 2): number => origin[axis] + c * perColumn[axis] + r * perRow[axis];
        const index: Triple = [along(0), along(1), along(2)];
        const isInside = index.every((n, axis) => n > -0.5 && n < (scan[axis] as number) - 0.5);
        words[row * canvas.width + column] = isInside
          ? (colours[Math.round(heatAt(map, scan, index))] as number)
          : 0;
      }
    }
    context.putImageData(pixels, 0, 0);
  }

  private bitmapOf(columns: number, rows: number): Bitmap {
    if (this.bitmap?.canvas.width !== columns || this.bitmap.canvas.height !== rows) {
      this.bitmap = makeBitmap(columns, rows);
      this.painted = null;
    }
    return this.bitmap;
  }
}

/** Per slice of one axis: the mean of the slice's largest uncertainties, one of a hundred voxels. */
export function uncertainSlices({ shape, values }: HeatMap, slices: number, axis: 0 | 1 | 2): Uint8Array {
  const [ni, nj] = shape;
  const perSlice = values.length / shape[axis];
  const histograms = Array.from({ length: shape[axis] }, () => new Uint32Array(256));
  for (let p = 0; p < values.length; p++) {
    const n = axis === 0 ? p % ni : axis === 1 ? Math.floor(p / ni) % nj : Math.floor(p / (ni * nj));
    const histogram = histograms[n] as Uint32Array;
    histogram[values[p] as number] = (histogram[values[p] as number] as number) + 1;
  }
  const coarse = histograms.map((histogram) =>
    meanOfLargest(histogram, Math.max(1, Math.round(perSlice / 100))),
  );
  return Uint8Array.from({ length: slices }, (_, slice) =>
    Math.round(coarse[Math.min(shape[axis] - 1, Math.floor(((slice + 0.5) * shape[axis]) / slices))] ?? 0),
  );
}

function meanOfLargest(histogram: Uint32Array, count: number): number {
  let left = count;
  let sum = 0;
  for (let value = 255; value >= 0 && left > 0; value--) {
    const taken = Math.min(left, histogram[value] as number);
    sum += taken * value;
    left -= taken;
  }
  return sum / (count - left || 1);
}
