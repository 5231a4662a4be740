/**
 * Draws the labels of one plane on a canvas above the image, from the very buffers that the edit engine writes.
 *
 * The fill is a bitmap of one pixel per voxel, scaled without smoothing; outlines and hatching are drawn in screen
 * pixels, so that they keep their width at any zoom. Contents are rebuilt when labels or styles change; panning and
 * zooming only draws them again.
 */
import {
  ADDED,
  changeOf,
  type LabelMap,
  PLANE_AXIS,
  type Plane,
  REMOVED,
  readSlice,
  type Triple,
} from '../voxels';
import { type EdgeRun, traceEdges } from './outline';
import { type PlaneFrame, type PlaneView, type ScreenTransform, screenTransform } from './planeFrame';
import type { LayerStyle } from './styles';

const OUTLINE_PX = 1.5;

export interface MaskContent {
  readonly map: LabelMap;
  /** Draw the difference to this mask, or null for the mask itself. */
  readonly base: LabelMap | null;
  readonly styles: readonly LayerStyle[];
}

/** A run of voxels of one row whose structure was taken away. */
interface HatchRun {
  readonly column: number;
  readonly row: number;
  readonly length: number;
  readonly label: number;
}

interface LayerDrawing {
  readonly edges: readonly EdgeRun[];
  readonly hatched: readonly HatchRun[];
  readonly style: LayerStyle;
}

export class MaskPainter {
  private readonly context: CanvasRenderingContext2D;
  private readonly bitmap = document.createElement('canvas');
  private readonly bitmapContext: CanvasRenderingContext2D;
  private readonly pixels: ImageData;
  private readonly fill: Uint32Array;
  private readonly scratch: Uint8Array;
  private readonly baseScratch: Uint8Array;
  private readonly hatches = new Map<string, CanvasPattern>();
  private drawings: readonly LayerDrawing[] = [];
  private slice = -1;
  private stale = true;

  private readonly canvas: HTMLCanvasElement;
  private readonly frame: PlaneFrame;

  constructor(canvas: HTMLCanvasElement, frame: PlaneFrame) {
    this.canvas = canvas;
    this.frame = frame;
    this.context = contextOf(canvas);
    this.bitmap.width = frame.columns;
    this.bitmap.height = frame.rows;
    this.bitmapContext = contextOf(this.bitmap);
    this.pixels = this.bitmapContext.createImageData(frame.columns, frame.rows);
    this.fill = new Uint32Array(this.pixels.data.buffer);
    this.scratch = new Uint8Array(frame.columns * frame.rows);
    this.baseScratch = new Uint8Array(frame.columns * frame.rows);
  }

  /** The labels or the styles have changed. */
  invalidate(): void {
    this.stale = true;
  }

  resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  /** Null content: nothing but the image. */
  draw(view: PlaneView, content: MaskContent | null): void {
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (content === null) return;
    const slice = view.centre[this.frame.normal];
    if (this.stale || slice !== this.slice) this.rebuild(content, slice);
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const transform = screenTransform(this.frame, view);
    this.drawFill(transform, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const drawing of this.drawings) {
      this.drawHatches(drawing, transform);
      this.drawOutlines(drawing, transform);
    }
  }

  private rebuild(content: MaskContent, slice: number): void {
    const { columns, rows, plane } = this.frame;
    this.fill.fill(0);
    this.drawings = content.styles.map((style, layer) => {
      const labels = slabOf(content.map, layer, plane, slice, this.scratch);
      const before = content.base && slabOf(content.base, layer, plane, slice, this.baseScratch);
      const hatched = before === null ? [] : hatchRuns(before, labels, columns, style.visible);
      if (before === null) paintFill(this.fill, labels, style.fill);
      else paintAdded(this.fill, before, labels, style.added);
      return { edges: traceEdges(labels, columns, rows, style.visible), hatched, style };
    });
    this.bitmapContext.putImageData(this.pixels, 0, 0);
    this.slice = slice;
    this.stale = false;
  }

  private drawFill({ x0, y0, dx, dy }: ScreenTransform, ratio: number): void {
    const context = this.context;
    context.imageSmoothingEnabled = false;
    context.setTransform(dx * ratio, 0, 0, dy * ratio, x0 * ratio, y0 * ratio);
    // Voxel (0, 0) has its centre, not its corner, at the origin.
    context.drawImage(this.bitmap, -0.5, -0.5);
  }

  private drawOutlines({ edges, style }: LayerDrawing, transform: ScreenTransform): void {
    const paths = new Map<number, Path2D>();
    for (const edge of edges) {
      let path = paths.get(edge.label);
      if (path === undefined) {
        path = new Path2D();
        paths.set(edge.label, path);
      }
      addEdge(path, edge, transform);
    }
    for (const [label, path] of paths) {
      this.context.fillStyle = style.colour[label] ?? '#808080';
      this.context.fill(path);
    }
  }

  private drawHatches({ hatched, style }: LayerDrawing, { x0, y0, dx, dy }: ScreenTransform): void {
    const paths = new Map<number, Path2D>();
    for (const { column, row, length, label } of hatched) {
      let path = paths.get(label);
      if (path === undefined) {
        path = new Path2D();
        paths.set(label, path);
      }
      const top = y0 + dy * (row + (dy > 0 ? -0.5 : 0.5));
      path.rect(x0 + dx * (column - 0.5), top, dx * length, Math.abs(dy));
    }
    for (const [label, path] of paths) {
      this.context.fillStyle = this.hatch(style.colour[label] ?? '#808080');
      this.context.fill(path);
    }
  }

  private hatch(colour: string): CanvasPattern | string {
    let pattern = this.hatches.get(colour);
    if (pattern === undefined) {
      pattern = this.context.createPattern(hatchTile(colour), 'repeat') ?? undefined;
      if (pattern === undefined) return colour;
      this.hatches.set(colour, pattern);
    }
    return pattern;
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser cannot draw on a canvas.');
  return context;
}

function slabOf(map: LabelMap, layer: number, plane: Plane, slice: number, scratch: Uint8Array): Uint8Array {
  const slices = map.layers[layer];
  const shape: Triple = map.shape;
  if (slices === undefined || slice >= shape[PLANE_AXIS[plane]]) return scratch.fill(0);
  return readSlice(slices, shape, plane, slice, scratch);
}

/** A later layer lies above an earlier one. */
function paintFill(pixels: Uint32Array, labels: Uint8Array, colours: Uint32Array): void {
  for (let p = 0; p < labels.length; p++) {
    const colour = colours[labels[p] as number] as number;
    if (colour !== 0) pixels[p] = colour;
  }
}

function paintAdded(pixels: Uint32Array, before: Uint8Array, labels: Uint8Array, colours: Uint32Array): void {
  for (let p = 0; p < labels.length; p++) {
    const now = labels[p] as number;
    if (now === before[p]) continue;
    if (changeOf(before[p] as number, now) & ADDED) pixels[p] = colours[now] as number;
  }
}

function hatchRuns(before: Uint8Array, labels: Uint8Array, columns: number, visible: Uint8Array): HatchRun[] {
  const runs: HatchRun[] = [];
  let open = 0;
  let from = 0;
  for (let p = 0; p <= labels.length; p++) {
    const removed = p < labels.length ? removedAt(before[p] as number, labels[p] as number, visible) : 0;
    const newRow = p % columns === 0;
    if (removed === open && !newRow) continue;
    if (open !== 0)
      runs.push({ column: from % columns, row: Math.floor(from / columns), length: p - from, label: open });
    open = removed;
    from = p;
  }
  return runs;
}

function removedAt(before: number, now: number, visible: Uint8Array): number {
  return changeOf(before, now) & REMOVED && visible[before] === 1 ? before : 0;
}

/** The edge as a bar inside its voxels, so that two neighbours show both their colours. */
function addEdge(path: Path2D, edge: EdgeRun, { x0, y0, dx, dy }: ScreenTransform): void {
  if (edge.side === 'lowRow' || edge.side === 'highRow') {
    const border = y0 + dy * (edge.row + (edge.side === 'lowRow' ? -0.5 : 0.5));
    const insideIsBelow = edge.side === 'lowRow' ? dy > 0 : dy < 0;
    path.rect(
      x0 + dx * (edge.column - 0.5),
      insideIsBelow ? border : border - OUTLINE_PX,
      dx * edge.length,
      OUTLINE_PX,
    );
    return;
  }
  const border = x0 + dx * (edge.column + (edge.side === 'lowColumn' ? -0.5 : 0.5));
  const rowEdge = dy > 0 ? edge.row - 0.5 : edge.row + edge.length - 0.5;
  path.rect(
    edge.side === 'lowColumn' ? border : border - OUTLINE_PX,
    y0 + dy * rowEdge,
    OUTLINE_PX,
    Math.abs(dy) * edge.length,
  );
}

const HATCH_PX = 6;

function hatchTile(colour: string): HTMLCanvasElement {
  const tile = document.createElement('canvas');
  tile.width = HATCH_PX;
  tile.height = HATCH_PX;
  const context = contextOf(tile);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    context.moveTo(shift, HATCH_PX);
    context.lineTo(shift + HATCH_PX, 0);
  }
  context.stroke();
  return tile;
}
