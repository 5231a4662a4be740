/** One plane on the page: the image, the mask above it, the marks above that. */
import { type Box, type Ijk, nearestVoxel, type Triple } from '../voxels';
import type { ImageSlices } from './imageSlices';
import { type MaskContent, MaskPainter } from './maskPainter';
import type { Window2d } from './outline';
import { fittedView, type PlaneFrame, type PlaneView, type ScreenPoint, withSlice } from './planeFrame';
import { PlaneMarks } from './planeMarks';
import { pixelRatio } from './views/bitmap';
import { boundsOn } from './views/bounds';
import { drawTurns } from './views/drawTurns';
import { ImagePainter, type WindowTable } from './views/imagePainter';
import {
  axesOf,
  indexUnder,
  type PlaneAxes,
  panned,
  screenOf,
  stepped,
  throughPoint,
  zoomed,
} from './views/planeAxes';
import type { Slab } from './views/port';
import { type Section, straightSection } from './views/section';
import { type SlabSteps, slabSteps } from './views/slab';
import { tiltedSection } from './views/tilt';

const STRAIGHT: Triple = [0, 0, 0];
/** An oblique plane that was still for so long is drawn in full detail, one plane after the other. */
const STILL_MS = 120;
const STILL_APART_MS = 60;

/** What a view shows all of: what is asked for, or the scan even where only a part of it is. */
export type Fit = 'asked' | 'scan';

export interface PaneScene {
  readonly image: ImageSlices;
  readonly table: WindowTable;
  /** How thick the planes are; null: one slice. */
  readonly slab: Slab | null;
  /** All that is asked for; null: the whole scan. */
  readonly bounds: Box | null;
  /** What to draw above the image now; null for nothing. */
  content(): MaskContent | null;
  crosshair(): Ijk;
  /** The pane looks elsewhere now. */
  looked(pane: PlanePane): void;
}

export class PlanePane {
  readonly frame: PlaneFrame;
  readonly root = document.createElement('div');
  readonly marks: PlaneMarks;
  /** How the plane is turned, about each axis of the scan. */
  degrees = STRAIGHT;
  /** Image and mask. */
  readonly canvases: readonly [HTMLCanvasElement, HTMLCanvasElement];
  private readonly imagePainter: ImagePainter;
  private readonly maskPainter: MaskPainter;
  private readonly scene: PaneScene;
  private readonly shape: Triple;
  private axes: PlaneAxes;
  private isTilted = false;
  private isMoving = false;
  private stillTimer: ReturnType<typeof setTimeout> | undefined;
  private current: PlaneView;
  private fit: Fit | null = 'asked';
  private imageStale = true;
  private maskStale = true;
  /** The mask lies elsewhere on the canvas, though it is what it was. */
  private maskMoved = true;
  private patches: Window2d | null = null;
  private hasImage = false;
  private isTimed = false;

  constructor(host: HTMLElement, frame: PlaneFrame, shape: Triple, scene: PaneScene) {
    this.frame = frame;
    this.shape = shape;
    this.scene = scene;
    this.axes = axesOf(frame, STRAIGHT);
    this.marks = new PlaneMarks(frame);
    this.canvases = [document.createElement('canvas'), document.createElement('canvas')];
    for (const layer of [this.root, ...this.canvases]) {
      Object.assign(layer.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    }
    for (const canvas of this.canvases) canvas.style.pointerEvents = 'none';
    Object.assign(this.root.style, { overflow: 'hidden', touchAction: 'none', background: '#000' });
    this.root.dataset.plane = frame.plane;
    this.root.append(...this.canvases, this.marks.root);
    if (getComputedStyle(host).position === 'static') host.style.position = 'relative';
    host.append(this.root);
    this.imagePainter = new ImagePainter(this.canvases[0]);
    this.maskPainter = new MaskPainter(this.canvases[1]);
    this.current = this.fittedView(scene.crosshair());
    this.sizeLayers();
    this.describe();
  }

  get view(): PlaneView {
    return this.current;
  }

  get slice(): number {
    return Math.round(this.current.centre[this.frame.normal]);
  }

  /** False while the page does not show the pane. */
  get isShown(): boolean {
    return this.current.width > 0 && this.current.height > 0;
  }

  /** What the view was fitted to; null: the reader chose it. */
  get fittedTo(): Fit | null {
    return this.fit;
  }

  setView(view: PlaneView): void {
    this.current = view;
    this.imageStale = true;
    this.maskMoved = true;
    if (this.isTilted || this.scene.slab !== null) this.move();
    this.requestDraw();
    this.placeCrosshair();
    this.describe();
    this.scene.looked(this);
  }

  setSlice(slice: number): void {
    const view = withSlice(this.frame, this.current, slice);
    if (view.centre[this.frame.normal] !== this.current.centre[this.frame.normal]) this.setView(view);
  }

  /** The crosshair after so many slices along the plane's own normal. */
  stepped(slices: number): Ijk {
    return stepped(this.frame, this.axes, this.scene.crosshair(), slices);
  }

  /** Turns the plane about the crosshair; zeros make it straight again. */
  tilt(degrees: Triple): void {
    this.degrees = degrees;
    this.isTilted = degrees.some((angle) => angle !== 0);
    this.axes = axesOf(this.frame, degrees);
    this.maskStale = true;
    const cross = this.scene.crosshair();
    // Turned, a view goes sideways as well: one that showed the whole slice shows it again.
    this.setView(this.fit !== null && !this.isTilted ? this.fittedView(cross) : this.through(cross));
  }

  /** Oblique planes and slabs are coarse until they have come to rest. */
  private move(): void {
    this.isMoving = true;
    this.restSoon();
  }

  private restSoon(): void {
    clearTimeout(this.stillTimer);
    this.stillTimer = setTimeout(() => this.rest(), STILL_MS + STILL_APART_MS * this.frame.normal);
  }

  private rest(): void {
    // A busy page has not shown yet where the plane went: the old image would stay below the labels of the new place.
    if (this.imageStale && this.isShown) {
      this.restSoon();
      return;
    }
    this.isMoving = false;
    this.imageStale = true;
    this.maskMoved ||= this.isTilted;
    this.requestDraw();
  }

  pan(dx: number, dy: number): void {
    this.fit = null;
    this.setView(panned(this.frame, this.axes, this.current, dx, dy));
  }

  zoom(factor: number, about: ScreenPoint): void {
    this.fit = null;
    this.setView(zoomed(this.frame, this.axes, this.current, factor, about));
  }

  /** Shows a voxel's slice; moves the view only where the voxel would lie outside of it. */
  reveal(index: Ijk): void {
    const through = this.through(index);
    const { x, y } = this.screenOf(index);
    const isOutside = x < 0 || y < 0 || x > through.width || y > through.height;
    const view = isOutside && this.isShown ? { ...through, centre: index } : through;
    if (view !== through) this.fit = null;
    if (view.centre.every((value, axis) => value === this.current.centre[axis])) this.placeCrosshair();
    else this.setView(view);
  }

  reset(fit: Fit = 'asked'): void {
    this.fit = fit;
    this.setView(this.fittedView(this.current.centre));
  }

  /** Looks where another pane of this plane looks, with the same point in the middle. */
  follow({ centre, pixelsPerMm }: PlaneView): void {
    this.fit = null;
    this.setView({ ...this.current, centre, pixelsPerMm });
  }

  /** The element has another size: a view that showed the whole slice still does, another keeps its zoom. */
  resized(): void {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (width === this.current.width && height === this.current.height) return;
    if (width === 0 || height === 0) {
      // Hidden: nothing is drawn, and coming back finds the view as it was.
      this.current = { ...this.current, width, height };
      return;
    }
    this.sizeLayers();
    const { centre } = this.current;
    this.setView(this.fit === null ? { ...this.current, width, height } : this.fittedView(centre));
    // Resizing has cleared the canvases: drawn now, nothing flickers.
    this.draw();
  }

  /** Where a voxel lies on the canvas, as the plane looks now. */
  screenOf(index: Ijk): ScreenPoint {
    return screenOf(this.frame, this.axes, this.current, index);
  }

  /** The point of the plane under a canvas pixel; it may lie outside the scan. */
  indexAt(point: ScreenPoint): Ijk {
    return indexUnder(this.frame, this.axes, this.current, point);
  }

  voxelAt(point: ScreenPoint): Ijk {
    return nearestVoxel(this.shape, this.indexAt(point));
  }

  /** Whether a point of the pane lies on the scan. */
  isOnScan(point: ScreenPoint): boolean {
    return this.indexAt(point).every((value, axis) => value > -0.5 && value < (this.shape[axis] ?? 0) - 0.5);
  }

  pointOf(event: MouseEvent): ScreenPoint {
    const box = this.root.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** Labels or styles have changed; with a box, only labels in it. */
  invalidate(box: Box | null = null): void {
    if (box === null || this.isTilted || this.maskStale) {
      this.maskStale = true;
    } else {
      this.patches = joined(this.patches, windowOf(this.frame, box));
    }
    this.requestDraw();
  }

  /** Voxels of some slices have arrived. */
  imageArrived(first: number, count: number): void {
    const { slab } = this.scene;
    const slice = this.current.centre[2];
    const reach = slab === null ? 0 : slab.thickness_mm / 2 / this.frame.spacing_mm[2];
    const isBeside = slice + reach < first || slice - reach >= first + count;
    if (this.frame.normal === 2 && !this.isTilted && isBeside) return;
    this.imagePainter.invalidate();
    this.imageStale = true;
    if (slab !== null) this.move();
    this.hasImage = true;
    this.requestDraw();
  }

  slabChanged(): void {
    if (this.scene.slab !== null) this.move();
    this.redrawImage();
  }

  /** The window has changed. */
  redrawImage(): void {
    this.imageStale = true;
    this.requestDraw();
  }

  /** Leaves the time of the first picture in the browser's own record, where budgets are measured. */
  private timeFirst(): void {
    if (this.isTimed || !this.hasImage) return;
    this.isTimed = true;
    performance.mark(`first ${this.frame.plane} slice`);
  }

  private requestDraw(): void {
    drawTurns.ask(this, () => this.draw());
  }

  private draw(): void {
    drawTurns.drop(this);
    if (!this.isShown) return;
    const { frame, current } = this;
    const section: Section = this.isTilted
      ? tiltedSection(this.axes, current, frame.spacing_mm, this.isMoving ? 'moving' : 'still')
      : straightSection(frame, current);
    const isDrawn = !this.imageStale || this.drawImage(section);
    this.drawMask(section);
    this.imageStale = !isDrawn;
    this.timeFirst();
    if (!isDrawn) this.requestDraw();
  }

  /** Where only the image changed, the mask above it stays as it is. */
  private drawMask(section: Section): void {
    const { maskPainter, patches } = this;
    const content = this.scene.content();
    if (patches !== null && !this.maskMoved && !this.maskStale) {
      maskPainter.patch(section, content, patches);
    } else if (this.maskStale || this.maskMoved) {
      if (this.maskStale || patches !== null) maskPainter.invalidate();
      maskPainter.draw(section, content);
    }
    this.maskStale = false;
    this.maskMoved = false;
    this.patches = null;
  }

  /** False where a thick slab needs more turns. */
  private drawImage(section: Section): boolean {
    const { scene, imagePainter, isMoving } = this;
    const { image, table, slab } = scene;
    if (slab === null) {
      imagePainter.draw(section, image, table);
      return true;
    }
    const steps = (): SlabSteps => slabSteps(this.frame, this.axes, section, slab, isMoving);
    return imagePainter.drawSlab(section, image, table, { slab, steps, isCoarse: isMoving });
  }

  private describe(): void {
    const { current, frame } = this;
    if (!this.isShown) return;
    this.marks.look(this.isTilted ? null : this.slice, frame.slices, current.pixelsPerMm);
    const { bounds } = this.scene;
    if (bounds === null) return;
    const { width, height } = current;
    const indexAt = (point: ScreenPoint): Ijk => this.indexAt(point);
    this.marks.bound(boundsOn({ width, height, indexAt }, bounds, this.shape));
  }

  placeCrosshair(): void {
    this.marks.crosshair(this.screenOf(this.scene.crosshair()), this.current.width, this.current.height);
  }

  remove(): void {
    drawTurns.drop(this);
    clearTimeout(this.stillTimer);
    this.root.remove();
    // Browsers free a canvas's memory late; without a size it holds none.
    for (const canvas of this.canvases) canvas.width = 0;
  }

  private through(index: Ijk): PlaneView {
    if (this.isTilted) return throughPoint(this.frame, this.axes, this.current, index);
    return withSlice(this.frame, this.current, index[this.frame.normal]);
  }

  private sizeLayers(): void {
    const { clientWidth, clientHeight } = this.root;
    const ratio = pixelRatio();
    for (const canvas of this.canvases) {
      canvas.width = Math.max(1, Math.round(clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    }
    this.marks.resize(clientWidth, clientHeight);
  }

  private fittedView(near: Ijk): PlaneView {
    const { clientWidth: width, clientHeight: height } = this.root;
    const part = this.fit === 'scan' ? null : this.scene.bounds;
    return fittedView(this.frame, part, near, { width, height });
  }
}

function windowOf({ across, along }: PlaneFrame, { low, size }: Box): Window2d {
  return {
    lowColumn: low[across],
    highColumn: low[across] + size[across],
    lowRow: low[along],
    highRow: low[along] + size[along],
  };
}

function joined(a: Window2d | null, b: Window2d): Window2d {
  if (a === null) return b;
  return {
    lowColumn: Math.min(a.lowColumn, b.lowColumn),
    highColumn: Math.max(a.highColumn, b.highColumn),
    lowRow: Math.min(a.lowRow, b.lowRow),
    highRow: Math.max(a.highRow, b.highRow),
  };
}
