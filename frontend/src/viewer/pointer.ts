/** Pointer, wheel and double click of one plane, turned into gestures and calls. Keys belong to the page. */
import type { Gesture, PointerStart } from './gestures';
import type { ScreenPoint } from './planeFrame';
import type { PlanePane } from './planePane';

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
  const { root } = pane;
  const stop = new AbortController();
  const options = { signal: stop.signal };
  let gesture: Gesture | null = null;
  let pointerId = -1;

  const finish = (how: 'end' | 'cancel') => {
    const finished = gesture;
    gesture = null;
    finished?.[how]();
  };

  root.addEventListener(
    'pointerdown',
    (event) => {
      if (gesture !== null) return;
      // Also keeps the browser from its middle-button scrolling and from selecting text.
      event.preventDefault();
      const start = { button: event.button, shift: event.shiftKey };
      gesture = actions.begin(pane, start, pane.pointOf(event));
      pointerId = event.pointerId;
      if (gesture !== null) root.setPointerCapture(pointerId);
    },
    options,
  );
  root.addEventListener(
    'pointermove',
    (event) => {
      const at = pane.pointOf(event);
      if (gesture !== null && event.pointerId === pointerId) gesture.move(at);
      actions.hover(pane, at);
    },
    options,
  );
  root.addEventListener('pointerup', (event) => event.pointerId === pointerId && finish('end'), options);
  root.addEventListener('pointercancel', () => finish('cancel'), options);
  root.addEventListener('pointerleave', () => gesture === null && actions.hover(pane, null), options);
  root.addEventListener('dblclick', () => actions.doubleClick(pane), options);
  root.addEventListener('contextmenu', (event) => event.preventDefault(), options);
  root.addEventListener('wheel', wheelListener(pane, actions), { ...options, passive: false });
  return () => {
    finish('cancel');
    stop.abort();
  };
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
