/** The measurements of a case: drawn by dragging, changed by dragging an end, deleted. */
import { type Ijk, slicePoint } from '../../voxels';
import { type ScreenPoint, toScreen } from '../planeFrame';
import { Subscribers } from '../subscribers';
import type { Gesture, ToolPane } from './host';
import { type End, endsOf, type MeasurementKind, measurementBetween, textOf, withEnd } from './measure';
import type { Pen } from './pen';
import type { Measurement } from './port';

/** How near to an end the pointer must be to take it. */
const GRIP_PX = 9;
/** A shorter line was a click. */
const SHORTEST_PX = 4;
const COLOUR = '#f2c14e';

type Line = readonly [Ijk, Ijk];

interface Grip {
  readonly id: number;
  readonly end: End;
}

export class MeasuringTool {
  readonly changed = new Subscribers<readonly Measurement[]>();
  all: readonly Measurement[] = [];
  private readonly sketched: () => void;
  private near: Grip | null = null;
  private next = 1;

  constructor(sketched: () => void) {
    this.sketched = sketched;
  }

  /** Takes the end under the pointer, or begins a new measurement there. */
  begin(pane: ToolPane, kind: MeasurementKind, at: ScreenPoint): Gesture {
    const before = this.all;
    const taken = this.gripAt(pane, at);
    const grip = taken ?? this.add(pane, kind, at);
    const start = pane.indexAt(at);
    let moved = 0;
    return {
      move: (point) => {
        moved = Math.max(moved, Math.hypot(point.x - at.x, point.y - at.y));
        if (taken !== null) this.drag(pane, grip, point);
        else
          this.change(
            measurementBetween(kind, grip.id, pane.frame, pane.slice, [start, pane.indexAt(point)]),
          );
      },
      end: () => {
        if (taken === null && moved < SHORTEST_PX) this.set(before);
      },
      cancel: () => this.set(before),
    };
  }

  private add(pane: ToolPane, kind: MeasurementKind, at: ScreenPoint): Grip {
    const index = pane.indexAt(at);
    const id = this.next++;
    const measurement = measurementBetween(kind, id, pane.frame, pane.slice, [index, index]);
    this.set([...this.all, measurement]);
    return { id, end: 1 };
  }

  private drag(pane: ToolPane, { id, end }: Grip, to: ScreenPoint): void {
    const one = this.all.find((each) => each.id === id);
    if (one !== undefined) this.change(withEnd(one, pane.frame, end, pane.indexAt(to)));
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
    for (const measurement of this.shownIn(pane)) {
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

  private shownIn({ frame, slice }: Pick<ToolPane, 'frame' | 'slice'>): readonly Measurement[] {
    return this.all.filter((one) => one.plane === frame.plane && one.slice === slice);
  }

  private set(all: readonly Measurement[]): void {
    this.all = all;
    this.changed.tell(all);
    this.sketched();
  }

  paint(pen: Pen): boolean {
    const shown = this.shownIn(pen);
    for (const measurement of shown) {
      const [main, ...more]: readonly [Line, ...Line[]] =
        measurement.kind === 'length' ? [measurement.ends] : [measurement.long, measurement.short];
      for (const line of [main, ...more]) {
        pen.line(
          line.map((index) => slicePoint(pen.frame.plane, index)),
          { colour: COLOUR },
        );
      }
      for (const [end, index] of endsOf(measurement)) {
        pen.handle(index, COLOUR, this.near?.id === measurement.id && this.near.end === end);
      }
      pen.words([textOf(measurement)], pen.at(main[1]));
    }
    return shown.length > 0;
  }
}
