/** Cine: slices of one plane one after the other, at a chosen rate, until the reader does anything. */
import { create } from 'zustand';
import type { Plane } from '../../../voxels';
import { useRead } from '../readStore';

export const SLOWEST = 1;
export const FASTEST = 30;

interface CineState {
  /** Slices in a second. */
  readonly perSecond: number;
  /** Null while nothing plays. */
  readonly playing: Plane | null;
}

export const useCine = create<CineState>(() => ({ perSecond: 10, playing: null }));

export function setRate(perSecond: number): void {
  useCine.setState({ perSecond: Math.min(FASTEST, Math.max(SLOWEST, Math.round(perSecond))) });
}

/** The slice after this one; after the last one comes the first. */
export function nextSlice(slice: number, slices: number): number {
  return (slice + 1) % slices;
}

/** Whatever a hand does stops it, but at the controls of cine itself. */
const INPUTS = ['keydown', 'pointerdown', 'wheel'] as const;
const CONTROLS = '[data-cine]';

let stopPlaying: (() => void) | null = null;

export function stopCine(): void {
  stopPlaying?.();
}

export function toggleCine(): void {
  if (stopPlaying === null) play();
  else stopPlaying();
}

function play(): void {
  const { port } = useRead.getState();
  if (port === null) return;
  const plane = port.tools.plane();
  const slices = port.views.rail(plane).slices;
  const listening = new AbortController();
  let request = 0;
  let due = performance.now();
  const stop = (): void => {
    if (stopPlaying !== stop) return;
    stopPlaying = null;
    listening.abort();
    cancelAnimationFrame(request);
    useCine.setState({ playing: null });
  };
  const frame = (now: number): void => {
    request = requestAnimationFrame(frame);
    // Another case was opened, or none.
    if (useRead.getState().port !== port) stop();
    else if (now >= due) {
      // A slow browser plays slower and leaves no slice out.
      due = Math.max(due + 1000 / useCine.getState().perSecond, now);
      const { crosshair } = port.views;
      port.views.setSlice(plane, nextSlice(port.views.slices[plane], slices));
      // The end of the scan, in a plane that is turned, or its only slice.
      if (port.views.crosshair.every((at, axis) => at === crosshair[axis])) stop();
    }
  };
  stopPlaying = stop;
  listenForInputs(stop, listening.signal);
  useCine.setState({ playing: plane });
  request = requestAnimationFrame(frame);
}

/** After the input has done its own work: the key that stops it must not find it stopped, and start it again. */
function listenForInputs(stop: () => void, signal: AbortSignal): void {
  const options = { capture: true, passive: true, signal };
  const heard = ({ target }: Event): void => {
    if (target instanceof Element && target.closest(CONTROLS) !== null) return;
    setTimeout(stop);
  };
  for (const name of INPUTS) window.addEventListener(name, heard, options);
}
