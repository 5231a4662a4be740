/** One plane on the page: the element that Cornerstone renders into, the mask above it, the marks above that. */
import { type Ijk, ijk, nearestVoxel, type Triple } from '../voxels';
import { type MaskContent, MaskPainter } from './maskPainter';
import {
  fitScale,
  type PlaneFrame,
  type PlaneView,
  panned,
  type ScreenPoint,
  toIndex,
  toScreen,
  withSlice,
  zoomed,
} from './planeFrame';
import { PlaneMarks } from './planeMarks';

export interface PaneScene {
  /** What to draw above the image now; null for nothing. */
  content(): MaskContent | null;
  crosshair(): Ijk;
  /** Points Cornerstone's viewport at a place. */
  look(pane: PlanePane): void;
}

export class PlanePane {
  readonly frame: PlaneFrame;
  readonly root = document.createElement('div');
  readonly imageElement = document.createElement('div');
  readonly marks: PlaneMarks;
  private readonly painter: MaskPainter;
  private readonly scene: PaneScene;
  private readonly shape: Triple;
  private current: PlaneView;
  private fitted = true;
  private frameRequest = 0;

  constructor(host: HTMLElement, frame: PlaneFrame, shape: Triple, scene: PaneScene) {
    this.frame = frame;
    this.shape = shape;
    this.scene = scene;
    this.marks = new PlaneMarks(frame);
    const canvas = document.createElement('canvas');
    for (const layer of [this.root, this.imageElement, canvas]) {
      Object.assign(layer.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    }
    canvas.style.pointerEvents = 'none';
    Object.assign(this.root.style, { overflow: 'hidden', touchAction: 'none', background: '#000' });
    this.root.dataset.plane = frame.plane;
    this.root.append(this.imageElement, canvas, this.marks.root);
    if (getComputedStyle(host).position === 'static') host.style.position = 'relative';
    host.append(this.root);
    this.painter = new MaskPainter(canvas, frame);
    this.current = this.fittedView(scene.crosshair());
    this.sizeOverlays();
  }

  get view(): PlaneView {
    return this.current;
  }

  get slice(): number {
    return this.current.centre[this.frame.normal];
  }

  setView(view: PlaneView): void {
    this.current = view;
    this.scene.look(this);
    this.placeCrosshair();
  }

  setSlice(slice: number): void {
    const view = withSlice(this.frame, this.current, slice);
    if (view.centre[this.frame.normal] !== this.slice) this.setView(view);
  }

  pan(dx: number, dy: number): void {
    this.fitted = false;
    this.setView(panned(this.frame, this.current, dx, dy));
  }

  zoom(factor: number, about: ScreenPoint): void {
    this.fitted = false;
    this.setView(zoomed(this.frame, this.current, factor, about));
  }

  /** Shows a voxel's slice; moves the view only where the voxel would lie outside of it. */
  reveal(index: Ijk): void {
    let view = withSlice(this.frame, this.current, index[this.frame.normal]);
    const { x, y } = toScreen(this.frame, view, index);
    if (x < 0 || y < 0 || x > view.width || y > view.height) {
      view = { ...view, centre: index };
      view = withSlice(this.frame, view, index[this.frame.normal]);
      this.fitted = false;
    }
    if (view.centre.every((value, axis) => value === this.current.centre[axis])) this.placeCrosshair();
    else this.setView(view);
  }

  reset(): void {
    this.fitted = true;
    this.setView(this.fittedView(this.current.centre));
  }

  /** The element has another size: a view that showed the whole slice still does, another keeps its zoom. */
  resized(): void {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (width === 0 || height === 0) return;
    this.sizeOverlays();
    this.setView(this.fitted ? this.fittedView(this.current.centre) : { ...this.current, width, height });
    this.drawOverlay();
  }

  voxelAt(point: ScreenPoint): Ijk {
    return nearestVoxel(this.shape, toIndex(this.frame, this.current, point));
  }

  /** Whether a point of the pane lies on the scan. */
  isOnScan(point: ScreenPoint): boolean {
    return toIndex(this.frame, this.current, point).every(
      (value, axis) => value > -0.5 && value < (this.shape[axis] ?? 0) - 0.5,
    );
  }

  indexAt(point: ScreenPoint): Ijk {
    return toIndex(this.frame, this.current, point);
  }

  pointOf(event: MouseEvent): ScreenPoint {
    const box = this.root.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  invalidate(): void {
    this.painter.invalidate();
    this.requestOverlay();
  }

  /** Draws the overlay with the next frame; for changes that do not move the image. */
  requestOverlay(): void {
    if (this.frameRequest !== 0) return;
    this.frameRequest = requestAnimationFrame(() => this.drawOverlay());
  }

  drawOverlay(): void {
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
    this.painter.draw(this.current, this.scene.content());
  }

  placeCrosshair(): void {
    const at = toScreen(this.frame, this.current, this.scene.crosshair());
    this.marks.crosshair(at, this.current.width, this.current.height);
  }

  remove(): void {
    cancelAnimationFrame(this.frameRequest);
    this.root.remove();
  }

  private sizeOverlays(): void {
    const { clientWidth, clientHeight } = this.root;
    this.painter.resize(clientWidth, clientHeight);
    this.marks.resize(clientWidth, clientHeight);
  }

  private fittedView(near: Ijk): PlaneView {
    const { clientWidth: width, clientHeight: height } = this.root;
    const middle: [number, number, number] = [near[0], near[1], near[2]];
    middle[this.frame.across] = (this.frame.columns - 1) / 2;
    middle[this.frame.along] = (this.frame.rows - 1) / 2;
    const centre = ijk(...middle);
    return { centre, width, height, pixelsPerMm: fitScale(this.frame, width, height) };
  }
}
