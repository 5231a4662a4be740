/** An angle on its way: each of its points comes by a click or at the end of a drag; the next one follows the pointer. */
import type { Ijk } from '../../voxels';
import { type PlaneFrame, type ScreenPoint, toScreen } from '../planeFrame';
import type { Gesture, ToolPane } from './host';
import { type Angle, angleAt, pointOn } from './measure';

/** Two points that are nearer than this on the screen are one. */
const APART_PX = 4;

type Shown = Pick<ToolPane, 'frame' | 'slice'>;

export class AngleDraft {
  private readonly frame: PlaneFrame;
  private readonly slice: number;
  private readonly placed: Ijk[];
  private next: Ijk;

  constructor(pane: ToolPane, at: ScreenPoint) {
    this.frame = pane.frame;
    this.slice = Math.round(pane.slice);
    this.next = pointOn(pane, at);
    this.placed = [this.next];
  }

  /** Whether a pane shows the slice in which the angle is drawn. */
  isIn({ frame, slice }: Shown): boolean {
    return frame.plane === this.frame.plane && Math.round(slice) === this.slice;
  }

  /** From pointer down to pointer up, where a point is placed. `changed` is told of every move. */
  gesture(pane: ToolPane, changed: () => void, dropped: () => void): Gesture {
    return {
      move: (point) => {
        this.follow(pane, point);
        changed();
      },
      end: () => {
        this.place(pane);
        changed();
      },
      cancel: dropped,
    };
  }

  follow(pane: ToolPane, at: ScreenPoint): void {
    this.next = pointOn(pane, at);
  }

  /** A second click at the same place adds nothing. */
  private place({ frame, view }: ToolPane): void {
    const [last, next] = [this.placed.at(-1) ?? this.next, this.next].map((one) =>
      toScreen(frame, view, one),
    );
    if (last === undefined || next === undefined) return;
    if (Math.hypot(last.x - next.x, last.y - next.y) >= APART_PX) this.placed.push(this.next);
  }

  get isDone(): boolean {
    return this.placed.length === 3;
  }

  get hasVertex(): boolean {
    return this.placed.length > 1;
  }

  /** As it looks now: points that are not placed yet are where the pointer is. */
  angle(id: number): Angle {
    const [a = this.next, vertex = this.next, b = this.next] = this.placed;
    return angleAt(id, this.frame, this.slice, [a, vertex, b]);
  }
}
