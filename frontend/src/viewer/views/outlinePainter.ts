/** Outlines on the canvas: each edge as a bar inside its voxels, so that two neighbours show both their colours. */
import type { EdgeRuns, Window2d } from '../outline';
import type { ScreenTransform } from '../planeFrame';
import { pixelRatio } from './bitmap';
import type { Section } from './section';

/** Whole pixels of the canvas. */
export interface DeviceRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Widest line at the rim of a voxel, in screen pixels: it may reach into the voxels beside it when zoomed out. */
const REACH_PX = 8;

/** `paints` by label; a label without one is grey. */
export function drawEdges(
  context: CanvasRenderingContext2D,
  edges: EdgeRuns,
  paints: readonly (string | CanvasPattern | undefined)[],
  transform: ScreenTransform,
  widthPx: number,
): void {
  let painted = -1;
  for (const n of edges.byLabel()) {
    const at = n * 5;
    const label = edges.fields[at] as number;
    if (label !== painted) {
      context.fillStyle = paints[label] ?? '#808080';
      painted = label;
    }
    const side = edges.fields[at + 1] as number;
    const column = edges.fields[at + 2] as number;
    const row = edges.fields[at + 3] as number;
    const length = edges.fields[at + 4] as number;
    if (side < 2) rowBar(context, side === 0, column, row, length, transform, widthPx);
    else columnBar(context, side === 2, column, row, length, transform, widthPx);
  }
}

function rowBar(
  context: CanvasRenderingContext2D,
  isLow: boolean,
  column: number,
  row: number,
  length: number,
  { x0, y0, dx, dy }: ScreenTransform,
  widthPx: number,
): void {
  const border = y0 + dy * (row + (isLow ? -0.5 : 0.5));
  const insideIsBelow = isLow ? dy > 0 : dy < 0;
  context.fillRect(x0 + dx * (column - 0.5), insideIsBelow ? border : border - widthPx, dx * length, widthPx);
}

function columnBar(
  context: CanvasRenderingContext2D,
  isLow: boolean,
  column: number,
  row: number,
  length: number,
  transform: ScreenTransform,
  widthPx: number,
): void {
  const { x0, dx, dy } = transform;
  const border = x0 + dx * (column + (isLow ? -0.5 : 0.5));
  const top = dy > 0 ? rowTop(transform, row) : rowTop(transform, row + length - 1);
  context.fillRect(isLow ? border : border - widthPx, top, widthPx, Math.abs(dy) * length);
}

/** Upper end of a row on the canvas, whichever way rows run. */
export function rowTop({ y0, dy }: ScreenTransform, row: number): number {
  return y0 + dy * (row + (dy > 0 ? -0.5 : 0.5));
}

/**
 * The whole canvas pixels to draw again when samples changed, and the samples that reach into them: lines at the rim
 * of a sample reach into the next ones, and pixels at the rim of the rectangle belong to two samples.
 */
export function clipOf(
  { columns, rows, transform }: Section,
  changed: Window2d,
): { readonly clip: DeviceRect; readonly window: Window2d } {
  const ratio = pixelRatio();
  const { x0, dx, y0, dy } = transform;
  const spread = {
    column: 1 + Math.ceil(REACH_PX / Math.abs(dx)),
    row: 1 + Math.ceil(REACH_PX / Math.abs(dy)),
  };
  const left = x0 + dx * (changed.lowColumn - spread.column - 0.5);
  const right = x0 + dx * (changed.highColumn + spread.column - 0.5);
  const ends = [changed.lowRow - spread.row - 0.5, changed.highRow + spread.row - 0.5].map(
    (r) => y0 + dy * r,
  );
  const x = Math.ceil(left * ratio);
  const y = Math.ceil(Math.min(...ends) * ratio);
  const clip = {
    x,
    y,
    width: Math.max(0, Math.floor(right * ratio) - x),
    height: Math.max(0, Math.floor(Math.max(...ends) * ratio) - y),
  };
  // What lies in the clip is drawn by the changed samples, those around them, and the lines of the next ones.
  const window = {
    lowColumn: Math.max(0, changed.lowColumn - 2 * spread.column),
    highColumn: Math.min(columns, changed.highColumn + 2 * spread.column),
    lowRow: Math.max(0, changed.lowRow - 2 * spread.row),
    highRow: Math.min(rows, changed.highRow + 2 * spread.row),
  };
  return { clip, window };
}
