/** An angle on its way: each of its points comes by a click or at the end of a drag; the next one follows the pointer. */
import type { Ijk } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { Gesture, ToolPane } from './host';
import { type Angle, angleAt, pointOn } from './measure';
import { isShownIn, type Sheet, type Shown, sheetIn } from './sheet';

/** Two points that are nearer than this on the screen are one. */
const APART_PX = 4;

export class AngleDraft {
  private readonly sheet: Sheet;
  private readonly placed: Ijk[];
  private next: Ijk;

  constructor(pane: ToolPane, at: ScreenPoint) {
    this.sheet = sheetIn(pane);
    this.next = pointOn(pane, at);
    this.placed = [this.next];
  }

  /** Whether a pane shows the plane in which the angle is drawn. */
  isIn(shown: Shown): boolean {
    return isShownIn(this.sheet, shown);
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
  private place(pane: ToolPane): void {
    const [last, next] = [this.placed.at(-1) ?? this.next, this.next].map((one) => pane.screenOf(one));
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
    return angleAt(id, this.sheet, [a, vertex, b]);
  }
}
