/** Pointer, wheel and double click of one plane, turned into gestures and calls. Keys belong to the page. */

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
  private gesture: Gesture | null = null;
  private pointerId = -1;

  constructor(pane: PlanePane, actions: PointerActions) {
    this.pane = pane;
    this.actions = actions;
    const { root } = pane;
    const options = { signal: this.listening.signal };
    root.addEventListener('pointerdown', (event) => this.down(event), options);
    // The middle button would start the browser's own scrolling.
    root.addEventListener('mousedown', (event) => event.preventDefault(), options);
    root.addEventListener('pointermove', (event) => this.move(event), options);
    root.addEventListener('pointerup', (event) => this.up(event), options);
    root.addEventListener('pointercancel', () => this.finish('cancel'), options);
    root.addEventListener('pointerleave', () => this.leave(), options);
    root.addEventListener('dblclick', () => actions.doubleClick(pane), options);
    root.addEventListener('contextmenu', (event) => event.preventDefault(), options);
    root.addEventListener('wheel', wheelListener(pane, actions), { ...options, passive: false });
  }

  stop(): void {
    this.finish('cancel');
    this.listening.abort();
  }

  private down(event: PointerEvent): void {
    if (this.gesture !== null) return;
    const { root } = this.pane;
    // A text field that has the focus would go on taking the page's keys.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const start = { button: event.button, shift: event.shiftKey };
    this.gesture = this.actions.begin(this.pane, start, this.pane.pointOf(event));
    this.pointerId = event.pointerId;
    if (this.gesture !== null) root.setPointerCapture(this.pointerId);
  }

  private move(event: PointerEvent): void {
    const at = this.pane.pointOf(event);
    if (event.pointerId === this.pointerId) this.gesture?.move(at);
    this.actions.hover(this.pane, at);
  }

  private up(event: PointerEvent): void {
    if (event.pointerId === this.pointerId) this.finish('end');
  }

  private leave(): void {
    if (this.gesture === null) this.actions.hover(this.pane, null);
  }

  private finish(how: 'end' | 'cancel'): void {
    const finished = this.gesture;
    this.gesture = null;
    finished?.[how]();
  }
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
