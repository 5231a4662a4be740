/** The measurements of a case: drawn by dragging (an angle also by clicks), changed by dragging an end, deleted. */
import type { Triple } from '../../voxels';
import { planeFrame, type ScreenPoint } from '../planeFrame';
import { Subscribers } from '../subscribers';
import { AngleDraft } from './angleDraft';
import type { Ellipse } from './ellipse';
import { greyInside, greyWords } from './ellipseGrey';
import type { Gesture, ToolImage, ToolPane } from './host';
import {
  anchorOf,
  type End,
  gripsOf,
  type LineKind,
  linesOf,
  type MeasurementKind,
  measurementBetween,
  pointOn,
  sheetBehind,
  textOf,
  withEnd,
} from './measure';
import type { Pen } from './pen';
import type { GreyInside, Measurement, MeasurementPort } from './port';
import { isShownIn, type Shown, sheetIn } from './sheet';

/** How near to an end the pointer must be to take it. */
const GRIP_PX = 9;
/** A shorter line was a click. */
const SHORTEST_PX = 4;
const COLOUR = '#f2c14e';
const OTHERS_COLOUR = '#8fc7ee';

interface Drag {
  move(point: ScreenPoint): void;
  end(): readonly Measurement[];
  cancel(): readonly Measurement[];
}

interface Grip {
  readonly id: number;
  readonly end: End;
}

export class MeasuringTool implements MeasurementPort {
  readonly changed = new Subscribers<readonly Measurement[]>();
  private readonly settled = new Subscribers<readonly Measurement[]>();
  all: readonly Measurement[] = [];
  private others: readonly Measurement[] = [];
  private readonly sketched: () => void;
  private readonly image: ToolImage;
  private readonly spacing_mm: Triple;
  /** A measurement that changes is another object. */
  private readonly greys = new WeakMap<Ellipse, GreyInside>();
  private near: Grip | null = null;
  private next = 1;
  private draft: AngleDraft | null = null;
  private isDragging = false;

  constructor(sketched: () => void, image: ToolImage, spacing_mm: Triple) {
    this.sketched = sketched;
    this.image = image;
    this.spacing_mm = spacing_mm;
  }

  onChange(callback: (all: readonly Measurement[]) => void): () => void {
    return this.changed.add(callback);
  }

  onSettled(callback: (all: readonly Measurement[]) => void): () => void {
    return this.settled.add(callback);
  }

  /** Takes what was measured before in the place of all there is. */
  restore(all: readonly Measurement[]): void {
    this.all = all;
    this.near = null;
    this.next = Math.max(0, ...all.map(({ id }) => id)) + 1;
    this.changed.tell(all);
    this.sketched();
  }

  show(others: readonly Measurement[]): void {
    this.others = others;
    this.sketched();
  }

  label(id: number, label: string): void {
    this.set(this.all.map((one) => (one.id === id ? { ...one, label } : one)));
  }

  /** Goes on with an angle, takes the end under the pointer, or begins a new measurement there. */
  begin(pane: ToolPane, kind: MeasurementKind, at: ScreenPoint): Gesture {
    const isGoingOn = kind === 'angle' && this.draft?.isIn(pane) === true;
    const taken = isGoingOn ? null : this.gripAt(pane, at);
    if (taken !== null) return this.grip(pane, taken);
    return kind === 'angle' ? this.angle(pane, at) : this.line(pane, kind, at);
  }

  private grip(pane: ToolPane, grip: Grip): Gesture {
    const before = this.all;
    return this.dragged({
      move: (point) => this.drag(pane, grip, point),
      end: () => this.all,
      cancel: () => before,
    });
  }

  private line(pane: ToolPane, kind: LineKind, at: ScreenPoint): Gesture {
    const before = this.all;
    const id = this.next++;
    const sheet = sheetIn(pane);
    const start = pointOn(pane, at);
    let moved = 0;
    return this.dragged({
      move: (point) => {
        moved = Math.max(moved, reachOf(kind, point.x - at.x, point.y - at.y));
        const drawn = measurementBetween(kind, id, sheet, [start, pointOn(pane, point)]);
        this.set([...before, drawn]);
      },
      end: () => (moved < SHORTEST_PX ? before : this.all),
      cancel: () => before,
    });
  }

  /** A gesture whose ends say what there is then: only that is settled. */
  private dragged({ move, end, cancel }: Drag): Gesture {
    const settle = (all: readonly Measurement[]): void => {
      this.isDragging = false;
      this.set(all);
    };
    return {
      move: (point) => {
        this.isDragging = true;
        move(point);
      },
      end: () => settle(end()),
      cancel: () => settle(cancel()),
    };
  }

  private angle(pane: ToolPane, at: ScreenPoint): Gesture {
    const draft = this.draft?.isIn(pane) === true ? this.draft : new AngleDraft(pane, at);
    this.draft = draft;
    draft.follow(pane, at);
    this.sketched();
    const changed = (): void => {
      if (draft.isDone && this.draft === draft) {
        this.draft = null;
        this.set([...this.all, draft.angle(this.next++)]);
      } else this.sketched();
    };
    return draft.gesture(pane, changed, () => this.drop());
  }

  /** An angle that has not all of its points goes. */
  drop(): void {
    if (this.draft === null) return;
    this.draft = null;
    this.sketched();
  }

  /** Whether an angle is on its way. */
  get isOpen(): boolean {
    return this.draft !== null;
  }

  private drag(pane: ToolPane, { id, end }: Grip, to: ScreenPoint): void {
    const one = this.all.find((each) => each.id === id);
    if (one === undefined) return;
    const changed = withEnd(one, pane.frame, end, pointOn(pane, to));
    this.set(this.all.map((each) => (each === one ? changed : each)));
  }

  hover(pane: ToolPane, at: ScreenPoint | null): void {
    if (at !== null && this.draft?.isIn(pane)) {
      this.draft.follow(pane, at);
      this.sketched();
      return;
    }
    const near = at === null ? null : this.gripAt(pane, at);
    if (near?.id === this.near?.id && near?.end === this.near?.end) return;
    this.near = near;
    this.sketched();
  }

  /** The measurement whose end is under the pointer. */
  get hovered(): number | null {
    return this.near?.id ?? null;
  }

  remove(id: number): void {
    if (this.near?.id === id) this.near = null;
    this.set(this.all.filter((one) => one.id !== id));
  }

  private gripAt(pane: ToolPane, at: ScreenPoint): Grip | null {
    let best: Grip | null = null;
    let nearest = GRIP_PX;
    for (const measurement of shownIn(this.all, pane)) {
      for (const [end, index] of gripsOf(measurement)) {
        const { x, y } = pane.screenOf(index);
        const distance = Math.hypot(x - at.x, y - at.y);
        if (distance > nearest) continue;
        nearest = distance;
        best = { id: measurement.id, end };
      }
    }
    return best;
  }

  private set(all: readonly Measurement[]): void {
    this.all = all;
    this.changed.tell(all);
    if (!this.isDragging) this.settled.tell(all);
    this.sketched();
  }

  greyIn(ellipse: Ellipse): GreyInside | null {
    const known = this.greys.get(ellipse);
    if (known !== undefined) return known;
    const frame = planeFrame(ellipse.plane, this.image.shape, this.spacing_mm);
    const grey = greyInside(ellipse, frame, this.image);
    if (grey !== null) this.greys.set(ellipse, grey);
    return grey;
  }

  paint(pen: Pen): boolean {
    const [own, others] = [shownIn(this.all, pen), shownIn(this.others, pen)];
    for (const measurement of others) this.paintOne(pen, measurement, OTHERS_COLOUR, null);
    for (const measurement of own) {
      this.paintOne(pen, measurement, COLOUR, this.near?.id === measurement.id ? this.near.end : null);
    }
    const draft = this.draft?.isIn(pen) ? this.draft : null;
    if (draft !== null) this.paintDraft(pen, draft);
    return own.length + others.length > 0 || draft !== null;
  }

  /** Before there is a vertex, there is no angle to tell. */
  private paintDraft(pen: Pen, draft: AngleDraft): void {
    const angle = draft.angle(0);
    if (draft.hasVertex) this.paintOne(pen, angle, COLOUR, null);
    else paintLines(pen, angle, COLOUR);
  }

  private paintOne(pen: Pen, measurement: Measurement, colour: string, near: End | null): void {
    paintLines(pen, measurement, colour);
    for (const [end, index] of gripsOf(measurement)) pen.handle(index, colour, near === end);
    const { label } = measurement;
    const grey = measurement.kind === 'ellipse' ? greyWords(this.greyIn(measurement)) : [];
    const words = [...(label === '' ? [] : [label]), textOf(measurement, pen.frame.isMeasured), ...grey];
    pen.words(words, pen.at(anchorOf(measurement)));
  }
}

function paintLines(pen: Pen, measurement: Measurement, colour: string): void {
  for (const line of linesOf(measurement)) pen.path(line, colour);
}

function shownIn(all: readonly Measurement[], shown: Shown): readonly Measurement[] {
  return all.filter(
    (one) => isShownIn(sheetBehind(one, shown.frame), shown) && one.plane === shown.frame.plane,
  );
}

/** How far a drag has come; an ellipse needs both of its sides. */
function reachOf(kind: LineKind, dx: number, dy: number): number {
  return kind === 'ellipse' ? Math.min(Math.abs(dx), Math.abs(dy)) : Math.hypot(dx, dy);
}
