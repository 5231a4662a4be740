/** The measurements of a case: drawn by dragging (an angle also by clicks), changed by dragging an end, deleted. */
import { type Ijk, slicePoint } from '../../voxels';
import { type ScreenPoint, toScreen } from '../planeFrame';
import { Subscribers } from '../subscribers';
import { AngleDraft } from './angleDraft';
import type { Gesture, ToolPane } from './host';
import {
  type End,
  endsOf,
  type LineKind,
  linesOf,
  type MeasurementKind,
  measurementBetween,
  pointOn,
  textOf,
  withEnd,
} from './measure';
import type { Pen } from './pen';
import type { Measurement, MeasurementPort } from './port';

/** How near to an end the pointer must be to take it. */
const GRIP_PX = 9;
/** A shorter line was a click. */
const SHORTEST_PX = 4;
const COLOUR = '#f2c14e';
const OTHERS_COLOUR = '#8fc7ee';

interface Grip {
  readonly id: number;
  readonly end: End;
}

export class MeasuringTool implements MeasurementPort {
  readonly changed = new Subscribers<readonly Measurement[]>();
  all: readonly Measurement[] = [];
  private others: readonly Measurement[] = [];
  private readonly sketched: () => void;
  private near: Grip | null = null;
  private next = 1;
  private draft: AngleDraft | null = null;

  constructor(sketched: () => void) {
    this.sketched = sketched;
  }

  onChange(callback: (all: readonly Measurement[]) => void): () => void {
    return this.changed.add(callback);
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
    return {
      move: (point) => this.drag(pane, grip, point),
      end: () => {},
      cancel: () => this.set(before),
    };
  }

  private line(pane: ToolPane, kind: LineKind, at: ScreenPoint): Gesture {
    const before = this.all;
    const id = this.next++;
    const start = pointOn(pane, at);
    let moved = 0;
    return {
      move: (point) => {
        moved = Math.max(moved, Math.hypot(point.x - at.x, point.y - at.y));
        const ends = [start, pointOn(pane, point)] as const;
        const drawn = measurementBetween(kind, id, pane.frame, Math.round(pane.slice), ends);
        this.set([...before, drawn]);
      },
      end: () => {
        if (moved < SHORTEST_PX) this.set(before);
      },
      cancel: () => this.set(before),
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
    for (const measurement of inSlice(this.all, pane)) {
      for (const [end, index] of endsOf(measurement)) {
        const { x, y } = toScreen(pane.frame, pane.view, index);
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
    this.sketched();
  }

  paint(pen: Pen): boolean {
    const [own, others] = [inSlice(this.all, pen), inSlice(this.others, pen)];
    for (const measurement of others) paintOne(pen, measurement, OTHERS_COLOUR, null);
    for (const measurement of own) {
      paintOne(pen, measurement, COLOUR, this.near?.id === measurement.id ? this.near.end : null);
    }
    const draft = this.draft?.isIn(pen) ? this.draft : null;
    if (draft !== null) paintDraft(pen, draft);
    return own.length + others.length > 0 || draft !== null;
  }
}

/** Before there is a vertex, there is no angle to tell. */
function paintDraft(pen: Pen, draft: AngleDraft): void {
  const angle = draft.angle(0);
  if (draft.hasVertex) paintOne(pen, angle, COLOUR, null);
  else paintLines(pen, angle, COLOUR);
}

function paintOne(pen: Pen, measurement: Measurement, colour: string, near: End | null): void {
  paintLines(pen, measurement, colour);
  for (const [end, index] of endsOf(measurement)) pen.handle(index, colour, near === end);
  const { label } = measurement;
  const [, at] = linesOf(measurement)[0] as readonly [Ijk, Ijk];
  pen.words(label === '' ? [textOf(measurement)] : [label, textOf(measurement)], pen.at(at));
}

function paintLines(pen: Pen, measurement: Measurement, colour: string): void {
  for (const line of linesOf(measurement)) {
    pen.line(
      line.map((index) => slicePoint(pen.frame.plane, index)),
      { colour },
    );
  }
}

function inSlice(
  all: readonly Measurement[],
  { frame, slice }: Pick<ToolPane, 'frame' | 'slice'>,
): readonly Measurement[] {
  return all.filter((one) => one.plane === frame.plane && one.slice === Math.round(slice));
}
