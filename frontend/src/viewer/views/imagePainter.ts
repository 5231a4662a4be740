/** Draws the CT of one plane on a canvas: Hounsfield units through a window, scaled with smoothing. */
import type { ImageSlices } from '../imageSlices';
import type { ScreenTransform } from '../planeFrame';
import type { VoiWindow } from '../port';
import { type Bitmap, contextOf, drawScaled, makeBitmap } from './bitmap';
import type { Slab } from './port';
import type { Section } from './section';
import { SlabPicture, type SlabSteps } from './slab';

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

/** A picture of a slab takes so much of a frame; the rest of it comes in the next ones. */
const PORTION_MS = 6;

export interface ThickPlane {
  readonly slab: Slab;
  readonly steps: () => SlabSteps;
  /** At once, with fewer steps: the plane is moving. */
  readonly isCoarse: boolean;
}

export class ImagePainter {
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private bitmap: Bitmap | null = null;
  private painted = '';
  /** The newest picture of a slab, and of what it is; one that is being made goes on with the next turn. */
  private thick: { readonly key: string; readonly isCoarse: boolean; readonly picture: SlabPicture } | null =
    null;
  private transform: ScreenTransform | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.context = contextOf(canvas, { alpha: false });
  }

  /** Voxels of what is shown have arrived. */
  invalidate(): void {
    this.painted = '';
    this.thick = null;
  }

  draw(section: Section, image: ImageSlices, table: WindowTable): void {
    const bitmap = this.bitmapFor(section);
    const key = `${table.version} ${section.key}`;
    if (key !== this.painted) {
      section.paint(image, table.pixels, bitmap.words);
      bitmap.context.putImageData(bitmap.pixels, 0, 0);
      this.painted = key;
    }
    this.thick = null;
    this.lay(section.transform);
  }

  /** True once all of it is there; until then, what was there before stays. */
  drawSlab(section: Section, image: ImageSlices, table: WindowTable, plane: ThickPlane): boolean {
    const { slab, isCoarse } = plane;
    const key = `${section.key} ${slab.projection} ${slab.thickness_mm}`;
    const known = this.thick?.key === key && (isCoarse || !this.thick.isCoarse) ? this.thick : null;
    const thick = known ?? { key, isCoarse, picture: new SlabPicture(section, image, plane.steps(), slab) };
    this.thick = thick;
    const ends = performance.now() + PORTION_MS;
    thick.picture.run(() => !thick.isCoarse && performance.now() > ends);
    if (thick.picture.isDone) {
      this.look(section, thick.picture, table, `${table.version} ${key} ${thick.isCoarse}`);
      this.lay(section.transform);
    } else if (this.transform !== null) {
      this.lay(section.isStraight ? section.transform : this.transform);
    }
    return thick.picture.isDone;
  }

  private look(section: Section, { hu }: SlabPicture, { pixels }: WindowTable, key: string): void {
    const bitmap = this.bitmapFor(section);
    if (key === this.painted) return;
    for (let p = 0; p < hu.length; p++) bitmap.words[p] = pixels[(hu[p] as number) & 0xffff] as number;
    bitmap.context.putImageData(bitmap.pixels, 0, 0);
    this.painted = key;
  }

  /** Lays the picture on the canvas. */
  private lay(transform: ScreenTransform): void {
    const { bitmap } = this;
    if (bitmap === null) return;
    this.transform = transform;
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.fillStyle = '#000';
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    drawScaled(this.context, bitmap.canvas, transform, true);
  }

  private bitmapFor({ columns, rows }: Section): Bitmap {
    if (this.bitmap?.canvas.width !== columns || this.bitmap.canvas.height !== rows) {
      this.bitmap = makeBitmap(columns, rows);
      this.painted = '';
    }
    return this.bitmap;
  }
}
