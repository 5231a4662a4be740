/** Draws the CT of one plane on a canvas: Hounsfield units through a window, scaled with smoothing. */
import type { ImageSlices } from '../imageSlices';
import type { VoiWindow } from '../port';
import { type Bitmap, contextOf, drawScaled, makeBitmap } from './bitmap';
import type { Section } from './section';

/** A pixel (little endian RGBA) for every int16, looked up by the same bits as uint16. */
export class WindowTable {
  readonly pixels = new Uint32Array(65536);
  version = 0;

  constructor(window: VoiWindow) {
    this.set(window);
  }

  set({ width, level }: VoiWindow): void {
    const scale = 255 / width;
    const low = level - width / 2;
    for (let bits = 0; bits < 65536; bits++) {
      const hu = bits < 32768 ? bits : bits - 65536;
      const grey = Math.min(255, Math.max(0, Math.round((hu - low) * scale)));
      this.pixels[bits] = (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
    }
    this.version += 1;
  }
}

export class ImagePainter {
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private bitmap: Bitmap | null = null;
  private painted = '';

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.context = contextOf(canvas, { alpha: false });
  }

  /** Voxels of what is shown have arrived. */
  invalidate(): void {
    this.painted = '';
  }

  draw(section: Section, image: ImageSlices, table: WindowTable): void {
    const bitmap = this.bitmapFor(section);
    const key = `${table.version} ${section.key}`;
    if (key !== this.painted) {
      section.paint(image, table.pixels, bitmap.words);
      bitmap.context.putImageData(bitmap.pixels, 0, 0);
      this.painted = key;
    }
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.fillStyle = '#000';
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    drawScaled(this.context, bitmap.canvas, section.transform, true);
  }

  private bitmapFor({ columns, rows }: Section): Bitmap {
    if (this.bitmap?.canvas.width !== columns || this.bitmap.canvas.height !== rows) {
      this.bitmap = makeBitmap(columns, rows);
      this.painted = '';
    }
    return this.bitmap;
  }
}
