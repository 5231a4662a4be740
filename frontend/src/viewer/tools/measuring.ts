/** The measurements of a case: drawn by dragging, changed by dragging an end, deleted. */
import { type Ijk, slicePoint } from '../../voxels';
import { type ScreenPoint, toScreen } from '../planeFrame';
import { Subscribers } from '../subscribers';
import type { Gesture, ToolPane } from './host';
import {
  type End,
  endsOf,
  heldOnScan,
  type MeasurementKind,
  measurementBetween,
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

type Line = readonly [Ijk, Ijk];

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

  /** Takes the end under the pointer, or begins a new measurement there. */
  begin(pane: ToolPane, kind: MeasurementKind, at: ScreenPoint): Gesture {
    const before = this.all;
    const taken = this.gripAt(pane, at);
    const grip = taken ?? this.add(pane, kind, at);
    const start = pointAt(pane, at);
    let moved = 0;
    return {
      move: (point) => {
        moved = Math.max(moved, Math.hypot(point.x - at.x, point.y - at.y));
        if (taken !== null) this.drag(pane, grip, point);
        else
          this.change(
            measurementBetween(kind, grip.id, pane.frame, Math.round(pane.slice), [
              start,
              pointAt(pane, point),
            ]),
          );
      },
      end: () => {
        if (taken === null && moved < SHORTEST_PX) this.set(before);
      },
      cancel: () => this.set(before),
    };
  }

  private add(pane: ToolPane, kind: MeasurementKind, at: ScreenPoint): Grip {
    const index = pointAt(pane, at);
    const id = this.next++;
    const measurement = measurementBetween(kind, id, pane.frame, Math.round(pane.slice), [index, index]);
    this.set([...this.all, measurement]);
    return { id, end: 1 };
  }

  private drag(pane: ToolPane, { id, end }: Grip, to: ScreenPoint): void {
    const one = this.all.find((each) => each.id === id);
    if (one !== undefined) this.change(withEnd(one, pane.frame, end, pointAt(pane, to)));
  }

  private change(changed: Measurement): void {
    this.set(this.all.map((one) => (one.id === changed.id ? changed : one)));
  }

  hover(pane: ToolPane, at: ScreenPoint | null): void {
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
    return own.length + others.length > 0;
  }
}

function paintOne(pen: Pen, measurement: Measurement, colour: string, near: End | null): void {
  const [main, ...more]: readonly [Line, ...Line[]] =
    measurement.kind === 'length' ? [measurement.ends] : [measurement.long, measurement.short];
  for (const line of [main, ...more]) {
    pen.line(
      line.map((index) => slicePoint(pen.frame.plane, index)),
      { colour },
    );
  }
  for (const [end, index] of endsOf(measurement)) pen.handle(index, colour, near === end);
  const { label } = measurement;
  pen.words(label === '' ? [textOf(measurement)] : [label, textOf(measurement)], pen.at(main[1]));
}

function pointAt(pane: ToolPane, point: ScreenPoint): Ijk {
  return heldOnScan(pane.frame, pane.indexAt(point));
}

function inSlice(
  all: readonly Measurement[],
  { frame, slice }: Pick<ToolPane, 'frame' | 'slice'>,
): readonly Measurement[] {
  return all.filter((one) => one.plane === frame.plane && one.slice === Math.round(slice));
}
