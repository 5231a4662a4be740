/**
 * Pointer, wheel and double click of one plane, turned into gestures and calls. Keys belong to the page.
 *
 * A mouse, a pen or one finger draws; two fingers drag and zoom, and drop what the first finger had begun. While a
 * pen is down, fingers are the palm of the hand.
 */
import type { ScreenPoint } from '../planeFrame';
import type { PlanePane } from '../planePane';
import type { Gesture, PointerStart } from './host';

export interface PointerActions {
  begin(pane: PlanePane, start: PointerStart, at: ScreenPoint): Gesture | null;
  hover(pane: PlanePane, at: ScreenPoint | null): void;
  scroll(pane: PlanePane, by: number): void;
  zoom(pane: PlanePane, factor: number, about: ScreenPoint): void;
  resizeBrush(steps: number): void;
  doubleClick(pane: PlanePane): void;
}

const ZOOM_PER_NOTCH = 1.15;
/** Wheel movement, in pixels, that makes one step: a notch of a mouse wheel is 100 to 120. */
const NOTCH_PX = 60;
/** A line of a wheel that counts in lines; three of them make a notch. */
const LINE_PX = 33;

/** Returns the way to stop listening. */
export function listen(pane: PlanePane, actions: PointerActions): () => void {
  const pointer = new PanePointer(pane, actions);
  return () => pointer.stop();
}

class PanePointer {
  private readonly pane: PlanePane;
  private readonly actions: PointerActions;
  private readonly listening = new AbortController();
  private readonly fingers = new Map<number, ScreenPoint>();
  private gesture: Gesture | null = null;
  /** Where the gesture has got to. */
  private last: ScreenPoint = { x: 0, y: 0 };
  private pointer: { readonly id: number; readonly type: string } | null = null;
  /** Two fingers were down: what is left of them does nothing until all are up. */
  private pinching = false;

  constructor(pane: PlanePane, actions: PointerActions) {
    this.pane = pane;
    this.actions = actions;
    const { root } = pane;
    const options = { signal: this.listening.signal };
    root.addEventListener('pointerdown', (event) => this.down(event), options);
    // The middle button would start the browser's own scrolling.
    root.addEventListener('mousedown', (event) => event.preventDefault(), options);
    root.addEventListener('pointermove', (event) => this.move(event), options);
    root.addEventListener('pointerup', (event) => this.up(event, 'end'), options);
    root.addEventListener('pointercancel', (event) => this.up(event, 'cancel'), options);
    root.addEventListener('pointerleave', (event) => this.leave(event), options);
    root.addEventListener('dblclick', () => actions.doubleClick(pane), options);
    root.addEventListener('contextmenu', (event) => event.preventDefault(), options);
    root.addEventListener('wheel', wheelListener(pane, actions), { ...options, passive: false });
  }

  stop(): void {
    this.finish('cancel');
    this.listening.abort();
  }

  private down(event: PointerEvent): void {
    const at = this.pane.pointOf(event);
    if (event.pointerType === 'touch' && !this.touched(event, at)) return;
    if (this.gesture !== null) {
      if (event.pointerType !== 'pen' || this.pointer?.type !== 'touch') return;
      this.finish('cancel');
    }
    // A text field that has the focus would go on taking the page's keys.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.pointer = { id: event.pointerId, type: event.pointerType };
    this.last = at;
    this.gesture = this.actions.begin(this.pane, { button: event.button, shift: event.shiftKey }, at);
    if (this.gesture !== null) this.pane.root.setPointerCapture(event.pointerId);
  }

  /** Notes a finger; true where it may begin a gesture of its own. */
  private touched(event: PointerEvent, at: ScreenPoint): boolean {
    if (this.gesture !== null && this.pointer?.type !== 'touch') return false;
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2) {
      this.finish('cancel');
      this.pinching = true;
      this.pane.root.setPointerCapture(event.pointerId);
    }
    return !this.pinching;
  }

  private move(event: PointerEvent): void {
    const at = this.pane.pointOf(event);
    if (this.fingers.has(event.pointerId)) this.pinch(event.pointerId, at);
    if (this.pinching) return;
    if (event.pointerId === this.pointer?.id && this.gesture !== null) this.follow(this.gesture, event, at);
    this.actions.hover(this.pane, at);
  }

  /** The browser hands over one event per frame; what the pointer did in between is kept with it. */
  private follow(gesture: Gesture, event: PointerEvent, at: ScreenPoint): void {
    this.last = at;
    const between = event.getCoalescedEvents();
    for (const point of between) gesture.move(this.pane.pointOf(point));
    if (between.length === 0) gesture.move(at);
  }

  /** A busy browser can drop the last moves: a gesture ends where the pointer was let go. */
  private reach(at: ScreenPoint): void {
    if (distance(at, this.last) > 0.5) this.gesture?.move(at);
  }

  private pinch(id: number, at: ScreenPoint): void {
    const before = this.fingers.get(id);
    this.fingers.set(id, at);
    const other = [...this.fingers].find(([key]) => key !== id)?.[1];
    if (!this.pinching || before === undefined || other === undefined) return;
    this.pane.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    const factor = distance(at, other) / Math.max(1, distance(before, other));
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    if (factor > 0) this.actions.zoom(this.pane, factor, middle);
  }

  private up(event: PointerEvent, how: 'end' | 'cancel'): void {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size === 0) this.pinching = false;
    if (event.pointerId === this.pointer?.id) {
      if (how === 'end') this.reach(this.pane.pointOf(event));
      this.finish(how);
    }
    // A finger that was lifted points at nothing.
    if (event.pointerType === 'touch' && this.fingers.size === 0) this.actions.hover(this.pane, null);
  }

  private leave(event: PointerEvent): void {
    if (this.gesture === null && event.pointerType !== 'touch') this.actions.hover(this.pane, null);
  }

  private finish(how: 'end' | 'cancel'): void {
    const finished = this.gesture;
    this.gesture = null;
    this.pointer = null;
    finished?.[how]();
  }
}

function distance(a: ScreenPoint, b: ScreenPoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function wheelListener(pane: PlanePane, actions: PointerActions): (event: WheelEvent) => void {
  const stepsOf = stepCounter();
  return (event) => {
    event.preventDefault();
    const delta = pixelsOf(event);
    if (event.ctrlKey || event.metaKey) {
      actions.zoom(pane, ZOOM_PER_NOTCH ** (-delta / 100), pane.pointOf(event));
      return;
    }
    const steps = stepsOf(delta);
    if (steps === 0) return;
    if (event.shiftKey) actions.resizeBrush(-steps);
    else actions.scroll(pane, steps);
  };
}

function pixelsOf(event: WheelEvent): number {
  // With shift held, some systems report the wheel as sideways.
  const delta = event.deltaY !== 0 ? event.deltaY : event.deltaX;
  return event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? delta : delta * LINE_PX;
}

/** A mouse notch is one step however long it is; a touchpad adds up many small movements. */
function stepCounter(): (delta: number) => number {
  let travelled = 0;
  return (delta) => {
    if (Math.sign(delta) !== Math.sign(travelled)) travelled = 0;
    travelled += delta;
    const steps = Math.abs(delta) >= NOTCH_PX ? Math.sign(delta) : Math.trunc(travelled / NOTCH_PX);
    if (steps !== 0) travelled = 0;
    return steps;
  };
}
