/**
 * Draws the labels of one plane on a canvas above the image, from the very buffers that the edit engine writes.
 *
 * The fill is a bitmap of one pixel per sample, scaled without smoothing; outlines and hatching are drawn in screen
 * pixels, so that they keep their width at any zoom. A brush redraws only the rectangle that it changed.
 */
import { ADDED, changeOf, type LabelMap, type Triple } from '../voxels';
import { type EdgeRuns, traceEdges, type Window2d } from './outline';
import type { LayerStyle } from './styles';
import { type Bitmap, contextOf, drawScaled, makeBitmap, pixelRatio } from './views/bitmap';
import { HatchPatterns, type HatchRun, hatchRuns } from './views/hatch';
import { HeatPainter } from './views/heat';
import { clipOf, type DeviceRect, drawEdges, rowTop } from './views/outlinePainter';
import type { HeatMap } from './views/port';
import type { Section } from './views/section';

export interface MaskContent {
  readonly map: LabelMap;
  /** Draw the difference to this mask, or null for the mask itself. */
  readonly base: LabelMap | null;
  /** Another mask whose outlines lie above. */
  readonly over: LabelMap | null;
  readonly styles: readonly LayerStyle[];
  /** Width of outlines in screen pixels. */
  readonly outlinePx: number;
  /** What lies under the outlines, with its colours by value. */
  readonly heat: { readonly map: HeatMap; readonly colours: Uint32Array } | null;
}

interface LayerDrawing {
  readonly edges: EdgeRuns;
  readonly over: EdgeRuns | null;
  readonly hatched: readonly HatchRun[];
  readonly style: LayerStyle;
}

export class MaskPainter {
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly hatches = new HatchPatterns();
  private readonly heat = new HeatPainter();
  private bitmap: Bitmap | null = null;
  private scratch: readonly [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  private drawings: readonly LayerDrawing[] = [];
  private key = '';
  private stale: 'no' | 'edges' | 'all' = 'all';

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.context = contextOf(canvas, {});
  }

  /** The labels or the styles have changed. */
  invalidate(): void {
    this.stale = 'all';
  }

  /** Null content: nothing but the image. */
  draw(section: Section, content: MaskContent | null): void {
    if (content === null) {
      this.clear(null);
      return;
    }
    const whole = { lowColumn: 0, lowRow: 0, highColumn: section.columns, highRow: section.rows };
    if (this.prepare(section)) this.stale = 'all';
    if (this.stale !== 'no') this.drawings = this.rebuild(section, content, whole, this.stale === 'all');
    this.stale = 'no';
    this.compose(section, content, this.drawings, null);
  }

  /** Draws again what labels in a rectangle of samples change on the canvas. The section must be the one last drawn. */
  patch(section: Section, content: MaskContent | null, changed: Window2d): void {
    if (content === null || this.stale === 'all' || this.prepare(section)) {
      this.draw(section, content);
      return;
    }
    const { clip, window } = clipOf(section, changed);
    const drawings = this.rebuild(section, content, window, true);
    this.stale = 'edges';
    this.compose(section, content, drawings, clip);
  }

  /** True where the samples are other ones than those last drawn. */
  private prepare({ columns, rows, key }: Section): boolean {
    const isNew = key !== this.key;
    this.key = key;
    if (this.bitmap?.canvas.width === columns && this.bitmap.canvas.height === rows) return isNew;
    this.bitmap = makeBitmap(columns, rows);
    this.scratch = [new Uint8Array(columns * rows), new Uint8Array(columns * rows)];
    return true;
  }

  private rebuild(section: Section, content: MaskContent, window: Window2d, fill: boolean): LayerDrawing[] {
    const { columns, rows } = section;
    const { bitmap } = this;
    const [scratch, other] = this.scratch;
    if (fill) clearWords(bitmap as Bitmap, columns, window);
    const drawings = content.styles.map((style, layer) => {
      const labels = section.labels(content.map, layer, scratch);
      const before = content.base && section.labels(content.base, layer, other);
      if (fill) paintFill((bitmap as Bitmap).words, columns, window, labels, before, style);
      const hatched = before === null ? [] : hatchRuns(before, labels, columns, style.visible, window);
      // Where outlines are what is compared, every structure has one.
      const outlined = content.over === null ? style.outlined : style.visible;
      const edges = traceEdges(labels, columns, rows, outlined, window);
      const above = content.over && section.labels(content.over, layer, other);
      const over = above && traceEdges(above, columns, rows, style.visible, window);
      return { edges, over, hatched, style };
    });
    if (fill) {
      const { lowColumn, lowRow, highColumn, highRow } = window;
      const { context, pixels } = bitmap as Bitmap;
      context.putImageData(pixels, 0, 0, lowColumn, lowRow, highColumn - lowColumn, highRow - lowRow);
    }
    return drawings;
  }

  private compose(
    section: Section,
    content: MaskContent,
    drawings: readonly LayerDrawing[],
    clip: DeviceRect | null,
  ): void {
    const { context } = this;
    context.save();
    this.clear(clip);
    if (content.heat !== null) {
      this.heat.draw(context, section, content.map.shape as Triple, content.heat.map, content.heat.colours);
    }
    drawScaled(context, (this.bitmap as Bitmap).canvas, section.transform, false);
    const ratio = pixelRatio();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const { edges, over, hatched, style } of drawings) {
      this.drawHatches(hatched, style, section);
      const { outlinePx } = content;
      drawEdges(context, edges, style.colour, section.transform, outlinePx);
      if (over !== null) {
        const dashed = style.colour.map((colour) => colour && this.hatches.of(context, colour));
        drawEdges(context, over, dashed, section.transform, 2 * outlinePx);
      }
    }
    context.restore();
  }

  /** Clears the canvas, or only a rectangle, beyond which nothing is drawn until the context is restored. */
  private clear(clip: DeviceRect | null): void {
    const { context, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (clip === null) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      return;
    }
    context.beginPath();
    context.rect(clip.x, clip.y, clip.width, clip.height);
    context.clip();
    context.clearRect(clip.x, clip.y, clip.width, clip.height);
  }

  private drawHatches(hatched: readonly HatchRun[], style: LayerStyle, { transform }: Section): void {
    const { context } = this;
    const { x0, dx, dy } = transform;
    for (const { column, row, length, label } of hatched) {
      context.fillStyle = this.hatches.of(context, style.colour[label] ?? '#808080');
      context.fillRect(x0 + dx * (column - 0.5), rowTop(transform, row), dx * length, Math.abs(dy));
    }
  }
}

function clearWords({ words }: Bitmap, columns: number, window: Window2d): void {
  for (let row = window.lowRow; row < window.highRow; row++) {
    words.fill(0, row * columns + window.lowColumn, row * columns + window.highColumn);
  }
}

/** A later layer lies above an earlier one. Against a base only what was added is filled. */
function paintFill(
  words: Uint32Array,
  columns: number,
  window: Window2d,
  labels: Uint8Array,
  before: Uint8Array | null,
  style: LayerStyle,
): void {
  const colours = before === null ? style.fill : style.added;
  // Four samples of background at once: most of a slice is that.
  const fours = fourAtOnce(labels);
  for (let row = window.lowRow; row < window.highRow; row++) {
    const end = row * columns + window.highColumn;
    for (let p = row * columns + window.lowColumn; p < end; p++) {
      if ((p & 3) === 0 && fours[p >> 2] === 0 && p + 4 <= end) {
        p += 3;
        continue;
      }
      const label = labels[p] as number;
      const colour = colours[label] as number;
      if (colour !== 0 && (before === null || isAdded(before[p] as number, label))) words[p] = colour;
    }
  }
}

/** The same labels as words; nothing where they do not begin at one. */
function fourAtOnce(labels: Uint8Array): Uint32Array {
  return labels.byteOffset % 4 === 0
    ? new Uint32Array(labels.buffer, labels.byteOffset, labels.length >> 2)
    : new Uint32Array(0);
}

function isAdded(before: number, now: number): boolean {
  return before !== now && (changeOf(before, now) & ADDED) !== 0;
}
