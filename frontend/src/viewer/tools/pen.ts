/** Draws lines, shapes and words of tools on a pane's own canvas, in points of its slice. */
import type { Ijk, SlicePoint, Triple } from '../../voxels';
import { type PlaneFrame, type PlaneView, type ScreenPoint, screenTransform } from '../planeFrame';
import type { ToolPane } from './host';

const HALO = 'rgba(0, 0, 0, 0.65)';
const TEXT = '#e6e9ec';
const FONT = '12px system-ui, sans-serif';
const LINE_HEIGHT = 16;
const HANDLE_PX = 4;
const BADGE_PX = 9;
const BADGE_TEXT = '#14171a';
const BADGE_FONT = '600 11px system-ui, sans-serif';

/** What is drawn upon. */
export type PenPane = Pick<ToolPane, 'frame' | 'view' | 'degrees' | 'screenOf'>;

export interface Line {
  readonly colour: string;
  readonly closed?: boolean;
  readonly dashed?: boolean;
}

export class Pen {
  readonly context: CanvasRenderingContext2D;
  readonly frame: PlaneFrame;
  readonly view: PlaneView;
  readonly degrees: Triple;
  private readonly pane: PenPane;

  constructor(context: CanvasRenderingContext2D, pane: PenPane) {
    this.context = context;
    this.pane = pane;
    this.frame = pane.frame;
    this.view = pane.view;
    this.degrees = pane.degrees;
  }

  /** Slice that the pane shows. */
  get slice(): number {
    return this.view.centre[this.frame.normal];
  }

  at(index: Ijk): ScreenPoint {
    return this.pane.screenOf(index);
  }

  /** A line through points of the scan that lie in the plane, straight or turned. */
  path(points: readonly Ijk[], colour: string): void {
    const path = new Path2D();
    points.forEach((index, n) => {
      const { x, y } = this.at(index);
      if (n === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    });
    this.stroke(path, colour, false);
  }

  /** A line through points of the slice, with a dark halo so that it shows on bone and on lung. */
  line(points: readonly SlicePoint[], { colour, closed = false, dashed = false }: Line): void {
    const { x0, y0, dx, dy } = screenTransform(this.frame, this.view);
    const path = new Path2D();
    points.forEach(([column, row], n) => {
      const [x, y] = [x0 + dx * column, y0 + dy * row];
      if (n === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    });
    if (closed) path.closePath();
    this.stroke(path, colour, dashed);
  }

  handle(index: Ijk, colour: string, large: boolean): void {
    const { x, y } = this.at(index);
    const path = new Path2D();
    path.arc(x, y, large ? HANDLE_PX * 1.6 : HANDLE_PX, 0, 2 * Math.PI);
    this.stroke(path, colour, false);
  }

  dot([column, row]: SlicePoint, colour: string): void {
    const { x0, y0, dx, dy } = screenTransform(this.frame, this.view);
    this.ring({ x: x0 + dx * column, y: y0 + dy * row }, HANDLE_PX, colour);
  }

  ring({ x, y }: ScreenPoint, radius: number, colour: string): void {
    const path = new Path2D();
    path.arc(x, y, Math.max(2, radius), 0, 2 * Math.PI);
    this.stroke(path, colour, false);
  }

  /** Lines of text beside a point, kept inside the pane. */
  words(lines: readonly string[], { x, y }: ScreenPoint): void {
    const { context, view } = this;
    context.font = FONT;
    const width = Math.max(...lines.map((line) => context.measureText(line).width));
    const left = Math.max(4, Math.min(x + 12, view.width - width - 8));
    const top = Math.max(4, Math.min(y + 12, view.height - lines.length * LINE_HEIGHT - 6));
    context.fillStyle = 'rgba(15, 17, 19, 0.82)';
    context.fillRect(left - 4, top - 2, width + 8, lines.length * LINE_HEIGHT + 4);
    context.fillStyle = TEXT;
    context.textBaseline = 'top';
    lines.forEach((line, n) => {
      context.fillText(line, left, top + n * LINE_HEIGHT + 1);
    });
  }

  /** A numbered disc at a point, with a ring around the one that is looked at. */
  badge(mark: string, { x, y }: ScreenPoint, colour: string, isCurrent: boolean): void {
    const { context } = this;
    const disc = new Path2D();
    disc.arc(x, y, BADGE_PX, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill(disc);
    this.stroke(disc, BADGE_TEXT, false);
    if (isCurrent) this.ring({ x, y }, BADGE_PX + 4, colour);
    context.font = BADGE_FONT;
    context.fillStyle = BADGE_TEXT;
    const { width } = context.measureText(mark);
    context.textBaseline = 'middle';
    context.fillText(mark, x - width / 2, y + 0.5);
  }

  private stroke(path: Path2D, colour: string, dashed: boolean): void {
    const { context } = this;
    context.setLineDash([]);
    context.lineWidth = 3;
    context.strokeStyle = HALO;
    context.stroke(path);
    context.setLineDash(dashed ? [5, 4] : []);
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.stroke(path);
    context.setLineDash([]);
  }
}

/** The canvas of one pane, above the mask and below the crosshair's letters. */
export class PenCanvas {
  private readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly paint: (pen: Pen) => boolean;
  private frameRequest = 0;
  private clean = true;

  /** `paint` says whether it drew anything. */
  constructor(root: HTMLElement, before: Node, paint: (pen: Pen) => boolean) {
    const context = this.canvas.getContext('2d');
    if (context === null) throw new Error('This browser cannot draw on a canvas.');
    this.context = context;
    this.paint = paint;
    Object.assign(this.canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.canvas.style.pointerEvents = 'none';
    root.insertBefore(this.canvas, before);
  }

  /** Draws with the next frame. */
  request(draw: () => void): void {
    if (this.frameRequest !== 0) return;
    this.frameRequest = requestAnimationFrame(draw);
  }

  draw(pane: PenPane): void {
    const { view } = pane;
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    const ratio = window.devicePixelRatio || 1;
    const { canvas, context } = this;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    else if (!this.clean) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, width, height);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.clean = !this.paint(new Pen(context, pane));
    // Where a graphics card draws canvases, one that was only cleared can go on showing what was on it.
    canvas.style.visibility = this.clean ? 'hidden' : 'visible';
  }

  remove(): void {
    cancelAnimationFrame(this.frameRequest);
    this.canvas.remove();
  }
}
