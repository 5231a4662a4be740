/** Small canvases that hold one pixel per sample, and how they are laid on the visible one. */
import type { ScreenTransform } from '../planeFrame';

export interface Bitmap {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly pixels: ImageData;
  /** The pixels as little endian RGBA words. */
  readonly words: Uint32Array;
}

export function makeBitmap(columns: number, rows: number): Bitmap {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = contextOf(canvas, {});
  const pixels = context.createImageData(columns, rows);
  return { canvas, context, pixels, words: new Uint32Array(pixels.data.buffer) };
}

export function contextOf(
  canvas: HTMLCanvasElement,
  settings: CanvasRenderingContext2DSettings,
): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', settings);
  if (context === null) throw new Error('This browser cannot draw on a canvas.');
  return context;
}

export function pixelRatio(): number {
  return window.devicePixelRatio || 1;
}

/** Draws a bitmap so that the centre of its pixel (0, 0) comes to lie at the transform's origin. */
export function drawScaled(
  context: CanvasRenderingContext2D,
  bitmap: HTMLCanvasElement,
  { x0, y0, dx, dy }: ScreenTransform,
  smooth: boolean,
): void {
  const ratio = pixelRatio();
  context.imageSmoothingEnabled = smooth;
  context.setTransform(dx * ratio, 0, 0, dy * ratio, x0 * ratio, y0 * ratio);
  context.drawImage(bitmap, -0.5, -0.5);
}
