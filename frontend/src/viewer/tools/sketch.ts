/** The line that draw and freehand scissors leave: points of one slice, set by clicks or by dragging. */
import type { Ijk, Plane } from '../../voxels';
import { type SlicePoint, slicePoint } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { Gesture, PointerStart, ToolHost, ToolPane } from './host';
import { fillOutline } from './outlines';
import type { Pen } from './pen';
import { refusalOf } from './strokes';

/** Points nearer than this to the one before add nothing. */
const STEP_PX = 2;
/** A click this near to the first point closes the line. */
const CLOSE_PX = 9;

/** Points of one slice; each press of the pointer added some. */
export class Sketch {
  readonly plane: Plane;
  readonly slice: number;
  readonly erases: boolean;
  readonly points: SlicePoint[] = [];
  private readonly presses: number[] = [];

  constructor(plane: Plane, slice: number, erases: boolean) {
    this.plane = plane;
    this.slice = slice;
    this.erases = erases;
  }

  press(): void {
    this.presses.push(this.points.length);
  }

  get pressCount(): number {
    return this.presses.length;
  }

  add(index: Ijk): void {
    this.points.push(slicePoint(this.plane, index));
  }

  /** Takes back what the last press added. */
  dropPress(): void {
    this.points.length = this.presses.pop() ?? 0;
  }
}

/** Draw: points by clicks, a free line by dragging, or both, until it is closed and filled. */
export class DrawTool {
  private readonly host: ToolHost;
  private sketch: Sketch | null = null;
  private rubber: SlicePoint | null = null;

  constructor(host: ToolHost) {
    this.host = host;
  }

  get isOpen(): boolean {
    return this.sketch !== null;
  }

  begin(pane: ToolPane, { shift }: PointerStart, at: ScreenPoint): Gesture | null {
    const refusal = refusalOf(this.host);
    if (refusal !== '') {
      this.host.say(refusal);
      return null;
    }
    const open = this.sketch;
    const goesOn = open !== null && open.plane === pane.frame.plane && open.slice === pane.slice;
    const sketch = goesOn ? open : new Sketch(pane.frame.plane, pane.slice, shift);
    const closes = goesOn && sketch.points.length > 2 && this.isNearFirst(pane, sketch, at);
    this.sketch = sketch;
    sketch.press();
    if (!closes) sketch.add(pane.indexAt(at));
    this.host.sketched();
    return this.pressGesture(pane, sketch, at, closes);
  }

  private pressGesture(pane: ToolPane, sketch: Sketch, at: ScreenPoint, closes: boolean): Gesture {
    let last = at;
    let dragged = false;
    return {
      move: (point) => {
        if (closes || Math.hypot(point.x - last.x, point.y - last.y) < STEP_PX) return;
        last = point;
        dragged = true;
        sketch.add(pane.indexAt(point));
        this.host.sketched();
      },
      end: () => {
        // A line drawn in one go is done; one that was begun by clicks goes on.
        if (closes || (dragged && sketch.pressCount === 1)) this.close();
      },
      cancel: () => {
        sketch.dropPress();
        if (sketch.points.length === 0) this.drop();
        this.host.sketched();
      },
    };
  }

  private isNearFirst(pane: ToolPane, { points }: Sketch, at: ScreenPoint): boolean {
    const [column, row] = points[0] ?? [0, 0];
    const [hereColumn, hereRow] = slicePoint(pane.frame.plane, pane.indexAt(at));
    const { across, along, spacing_mm } = pane.frame;
    const scale = pane.view.pixelsPerMm;
    const dx = (hereColumn - column) * spacing_mm[across] * scale;
    const dy = (hereRow - row) * spacing_mm[along] * scale;
    return Math.hypot(dx, dy) <= CLOSE_PX;
  }

  hover(pane: ToolPane, at: ScreenPoint | null): void {
    if (this.sketch === null) return;
    this.rubber =
      at === null || pane.frame.plane !== this.sketch.plane
        ? null
        : slicePoint(pane.frame.plane, pane.indexAt(at));
    this.host.sketched();
  }

  /** Fills what the line goes round. */
  close(): void {
    const { sketch, host } = this;
    this.drop();
    if (sketch === null) return;
    if (sketch.points.length < 3) return;
    const { plane, slice, erases, points } = sketch;
    const outline = { kind: 'polygon', rings: [points.flat()], rule: 'nonzero' } as const;
    void fillOutline(host, {
      tool: 'draw',
      erases,
      cut: { plane, first: slice, last: slice, outline, inside: true },
    });
  }

  drop(): void {
    this.sketch = null;
    this.rubber = null;
    this.host.sketched();
  }

  /** Takes back the last point or the last drag; the sketch goes with its last one. */
  dropLast(): void {
    this.sketch?.dropPress();
    if (this.sketch?.points.length === 0) this.drop();
    this.host.sketched();
  }

  paint(pen: Pen, colour: string): boolean {
    const { sketch } = this;
    if (sketch === null || sketch.plane !== pen.frame.plane || sketch.slice !== pen.slice) return false;
    const points = this.rubber === null ? sketch.points : [...sketch.points, this.rubber];
    pen.line(points, { colour, dashed: sketch.erases });
    const [start] = sketch.points;
    if (start !== undefined) pen.dot(start, colour);
    return true;
  }
}
