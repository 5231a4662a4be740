/**
 * Draws the 3-D view away from the page: where WebGL is slow, or waits for the graphics card, the page does not.
 * Frames are drawn one at a time; of those that were asked for meanwhile only the last.
 */
import { SurfaceRenderer } from './surfaceRenderer';
import type { Frame, VolumeAnswer, VolumeRequest } from './volumeMessages';

/** The part of a worker's global scope that is used; the page's types do not have it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<VolumeRequest>) => void) | null;
  postMessage(answer: VolumeAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;

/** Surfaces come in one after the other: drawing all of them for each would take turns from the rest. */
const ARRIVALS_MS = 250;

let canvas: OffscreenCanvas | null = null;
let renderer: SurfaceRenderer | null = null;
let frame: Frame | null = null;
let isStale = false;
let isDrawing = false;
let arrivals: ReturnType<typeof setTimeout> | null = null;

scope.onmessage = ({ data }) => {
  try {
    answer(data);
  } catch (error) {
    scope.postMessage({ kind: 'failed', sentence: error instanceof Error ? error.message : String(error) });
  }
};

function answer(request: VolumeRequest): void {
  switch (request.kind) {
    case 'start':
      start(request.canvas);
      return;
    case 'show':
      renderer?.set(request.key, request.surface, request.colour);
      drawAfter(ARRIVALS_MS);
      return;
    case 'hide':
      renderer?.remove(request.key);
      drawAfter(0);
      return;
    case 'colour':
      renderer?.colour(request.key, request.colour);
      drawAfter(0);
      return;
    case 'frame':
      frame = request.frame;
      void draw();
      return;
    case 'pick':
      void pick(request.id, request.look);
  }
}

/** Other programs, a driver or sleep can take the graphics card away; mostly it comes back. */
function start(given: OffscreenCanvas): void {
  canvas = given;
  given.addEventListener('webglcontextlost', (event) => {
    // Without this it would not come back.
    event.preventDefault();
    renderer = null;
    scope.postMessage({ kind: 'lost' });
  });
  given.addEventListener('webglcontextrestored', () => {
    renderer = new SurfaceRenderer(given);
    scope.postMessage({ kind: 'restored' });
    drawAfter(0);
  });
  renderer = new SurfaceRenderer(given);
}

function drawAfter(ms: number): void {
  if (arrivals !== null) return;
  arrivals = setTimeout(() => {
    arrivals = null;
    void draw();
  }, ms);
}

async function draw(): Promise<void> {
  isStale = true;
  if (isDrawing) return;
  isDrawing = true;
  while (isStale && renderer !== null && canvas !== null && frame !== null) {
    isStale = false;
    if (canvas.width !== frame.width) canvas.width = frame.width;
    if (canvas.height !== frame.height) canvas.height = frame.height;
    renderer.draw(frame.look, frame.lines);
    await renderer.isDone();
  }
  isDrawing = false;
}

async function pick(id: number, look: Frame['look']): Promise<void> {
  const depth = renderer === null ? null : await renderer.depthInMiddle(look);
  scope.postMessage({ kind: 'picked', id, depth });
}
