/** The way of a brush: a fast mouse tells more places than a large brush can be drawn at within one pointer event. */
import type { Ijk } from '../../voxels';

/** Drawing in one turn; what is left of the way comes in the next ones. */
const TURN_MS = 8;
/** A place so near to the straight way between those before and after it, in voxels, is passed over. */
const STRAIGHT = 0.05;

export class StrokePath {
  private readonly draw: (to: Ijk) => void;
  private from: Ijk;
  private readonly way: Ijk[] = [];
  /** What was passed over on the way to the last place. */
  private passed: Ijk[] = [];
  private isAwaited = false;
  private isOver = false;

  /** `draw` is called for one place after the other, from `from` on. */
  constructor(from: Ijk, draw: (to: Ijk) => void) {
    this.from = from;
    this.draw = draw;
  }

  /** Drawn when all places of this event are known. */
  add(to: Ijk): void {
    const last = this.way.at(-1);
    const before = this.way.at(-2) ?? this.from;
    if (last !== undefined && [...this.passed, last].every((place) => isBetween(place, before, to))) {
      this.passed.push(last);
      this.way[this.way.length - 1] = to;
    } else {
      this.passed = [];
      this.way.push(to);
    }
    if (!this.isAwaited) {
      this.isAwaited = true;
      queueMicrotask(() => this.turn());
    }
  }

  /** Draws what is left. */
  finish(): void {
    this.isOver = true;
    while (this.way.length > 0) this.step();
  }

  drop(): void {
    this.isOver = true;
    this.way.length = 0;
  }

  private turn(): void {
    this.isAwaited = false;
    if (this.isOver) return;
    const until = performance.now() + TURN_MS;
    while (this.way.length > 0 && performance.now() < until) this.step();
    if (this.way.length === 0) return;
    this.isAwaited = true;
    setTimeout(() => this.turn(), 0);
  }

  private step(): void {
    const to = this.way.shift();
    if (to === undefined) return;
    // The last place may still be moved on; once drawn, it may not.
    if (this.way.length === 0) this.passed = [];
    this.draw(to);
    this.from = to;
  }
}

/** Whether a place lies on the straight way from one to another, and not beyond its ends. */
function isBetween(place: Ijk, from: Ijk, to: Ijk): boolean {
  const way = [to[0] - from[0], to[1] - from[1], to[2] - from[2]] as const;
  const gone = [place[0] - from[0], place[1] - from[1], place[2] - from[2]] as const;
  const length = Math.hypot(...way);
  if (length === 0) return Math.hypot(...gone) < STRAIGHT;
  const along = (gone[0] * way[0] + gone[1] * way[1] + gone[2] * way[2]) / length;
  const aside = Math.sqrt(Math.max(0, gone[0] ** 2 + gone[1] ** 2 + gone[2] ** 2 - along ** 2));
  return aside < STRAIGHT && along > -STRAIGHT && along < length + STRAIGHT;
}
