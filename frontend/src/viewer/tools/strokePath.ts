/** The way of a brush: a fast mouse tells more places than a large brush can be drawn at within one pointer event. */
import { type Box, type Ijk, joined } from '../../voxels';

/** Drawing in one turn; what is left of the way comes in the next ones. */
const TURN_MS = 8;
/** A place so near to the straight way between those before and after it, in voxels, is passed over. */
const STRAIGHT = 0.05;

/** Draws the stroke on to a place, a little with each step, and says which voxels each step changed. */
export type DrawTo = (to: Ijk) => Iterator<Box | null>;

export class StrokePath {
  private readonly draw: DrawTo;
  private readonly shown: (box: Box) => void;
  private from: Ijk;
  private readonly way: Ijk[] = [];
  /** What was passed over on the way to the last place. */
  private passed: Ijk[] = [];
  /** On to the next place; null between two. */
  private under: Iterator<Box | null> | null = null;
  private isAwaited = false;
  private isOver = false;

  /** `draw` is called for one place after the other, from `from` on; `shown` once in a turn that changed something. */
  constructor(from: Ijk, draw: DrawTo, shown: (box: Box) => void) {
    this.from = from;
    this.draw = draw;
    this.shown = shown;
  }

  /** Draws at the place where the stroke begins. */
  begin(): void {
    this.way.push(this.from);
    this.turn();
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
    this.work(Number.POSITIVE_INFINITY);
  }

  drop(): void {
    this.isOver = true;
    this.way.length = 0;
    this.under = null;
  }

  private turn(): void {
    this.isAwaited = false;
    if (this.isOver || !this.work(performance.now() + TURN_MS)) return;
    this.isAwaited = true;
    setTimeout(() => this.turn(), 0);
  }

  /** Draws until then; true where something is left. */
  private work(until: number): boolean {
    let changed: Box | null = null;
    let under = this.under ?? this.next();
    while (under !== null && performance.now() < until) {
      const step = under.next();
      if (step.done === true) under = this.next();
      else changed = joined(changed, step.value);
    }
    this.under = under;
    if (changed !== null) this.shown(changed);
    return under !== null;
  }

  private next(): Iterator<Box | null> | null {
    const to = this.way.shift();
    if (to === undefined) return null;
    // The last place may still be moved on; once drawn, it may not.
    if (this.way.length === 0) this.passed = [];
    this.from = to;
    return this.draw(to);
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
