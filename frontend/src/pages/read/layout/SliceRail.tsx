import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react';
import { drawTurns, type ViewerPort } from '../../../viewer';
import type { Plane } from '../../../voxels';
import { useRead } from '../readStore';
import { railRows, rowsOfSlice, sliceAt } from './rail';
import classes from './SliceRail.module.css';

const WIDTH = 14;
const PLANE_NAMES: Readonly<Record<Plane, string>> = {
  axial: 'Axial slice',
  sagittal: 'Sagittal slice',
  coronal: 'Coronal slice',
};

/**
 * Beside a plane: where structures are, where something was edited, where the model is unsure, what was looked at.
 * Drawn on a canvas and by hand, so that scrolling draws nothing else of the page.
 */
export function SliceRail({ plane }: { readonly plane: Plane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const port = useRead((state) => state.port);
  useEffect(
    () => (canvas.current && port ? keepDrawn(canvas.current, port, plane) : undefined),
    [port, plane],
  );
  const go = (event: PointerEvent<HTMLCanvasElement>): void => {
    if (port !== null && event.buttons === 1) {
      const { top, height } = event.currentTarget.getBoundingClientRect();
      port.views.setSlice(plane, sliceAt(plane, event.clientY - top, port.views.rail(plane).slices, height));
    }
  };
  return (
    <canvas
      ref={canvas}
      className={classes.rail}
      style={{ width: WIDTH }}
      role="slider"
      tabIndex={0}
      aria-label={PLANE_NAMES[plane]}
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={0}
      aria-valuenow={0}
      title={`${PLANE_NAMES[plane]}: click to go. Bar: structures (bright: the active one) · amber: the model is unsure · dot: edited · dark: not looked at yet`}
      data-testid={`rail-${plane}`}
      // Keys stay with the image.
      onMouseDown={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
      onKeyDown={(event) => port !== null && step(event, port, plane)}
    />
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 };

function step(event: KeyboardEvent, port: ViewerPort, plane: Plane): void {
  const by = STEPS[event.key];
  if (by !== undefined) {
    event.preventDefault();
    port.scroll(plane, by);
  }
}

/** Draws at most once a frame, in turn with the planes, when marks, slice, size or the active structure changed. */
function keepDrawn(canvas: HTMLCanvasElement, port: ViewerPort, plane: Plane): () => void {
  const soon = (): void => drawTurns.ask(canvas, () => draw(canvas, port, plane));
  const size = new ResizeObserver(soon);
  size.observe(canvas);
  const stops = [
    port.views.onRails(soon),
    port.views.onSlices(soon),
    useRead.subscribe((now, before) => now.active !== before.active && soon()),
    () => size.disconnect(),
    () => drawTurns.drop(canvas),
  ];
  soon();
  return () => {
    for (const stop of stops) stop();
  };
}

const COLOURS = {
  looked: '#20262a',
  unseen: '#0a0c0d',
  structures: '#59626b',
  active: '#d5d9dd',
  edited: '#d5d9dd',
  now: '#4aa8a0',
} as const;

function draw(canvas: HTMLCanvasElement, port: ViewerPort, plane: Plane): void {
  const context = canvas.getContext('2d');
  const scale = window.devicePixelRatio;
  const height = Math.round(canvas.clientHeight * scale);
  if (context === null || height === 0) {
    return;
  }
  canvas.width = Math.round(WIDTH * scale);
  canvas.height = height;
  const marks = port.views.rail(plane);
  const rows = railRows(marks, height);
  for (let y = 0; y < height; y++) {
    drawRow(context, y, scale, rows);
  }
  const slice = port.views.slices[plane];
  drawNow(context, rowsOfSlice(plane, slice, marks.slices, height), canvas.width, scale);
  canvas.setAttribute('aria-valuemax', String(marks.slices - 1));
  canvas.setAttribute('aria-valuenow', String(slice));
}

function drawRow(
  context: CanvasRenderingContext2D,
  y: number,
  scale: number,
  rows: ReturnType<typeof railRows>,
): void {
  const bar = (from: number, width: number, colour: string): void => {
    context.fillStyle = colour;
    context.fillRect(from * scale, y, width * scale, 1);
  };
  bar(0, WIDTH, rows.looked[y] === 1 ? COLOURS.looked : COLOURS.unseen);
  if (rows.structures[y] === 1) bar(2, 3, COLOURS.structures);
  if (rows.active[y] === 1) bar(2, 3, COLOURS.active);
  const uncertain = rows.uncertain[y] ?? 0;
  if (uncertain > 0) bar(6, 3, `rgb(229 160 60 / ${(uncertain / 255).toFixed(2)})`);
  if (rows.edited[y] === 1) bar(10, 2, COLOURS.edited);
}

/** A frame around the current slice, wide enough to be seen where a slice is a single row. */
function drawNow(
  context: CanvasRenderingContext2D,
  { first, last }: { readonly first: number; readonly last: number },
  width: number,
  scale: number,
): void {
  const spare = 2 * scale;
  context.fillStyle = COLOURS.now;
  context.fillRect(0, first - spare, width, spare);
  context.fillRect(0, last + 1, width, spare);
}
