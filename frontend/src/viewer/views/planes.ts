/** The three planes of one case: where they look, the image that comes in, and the overlay above it. */
import { type EditBox, type Ijk, ijk, nearestVoxel, PLANES, type Plane } from '../../voxels';
import { loadImage } from '../imageLoader';
import { ImageSlices } from '../imageSlices';
import type { MaskContent } from '../maskPainter';
import { planeFrame, type ScreenPoint } from '../planeFrame';
import { type PaneScene, PlanePane } from '../planePane';
import type { LoadProgress, PlaneElements, ViewerInput, ViewerVolume, VoiWindow } from '../port';
import { Stage } from '../stage';
import { Subscribers } from '../subscribers';
import type { ToolPane } from '../tools/host';
import type { Overlay } from './overlay';

export const SOFT_TISSUE: VoiWindow = { width: 400, level: 40 };
/** While the image comes in, frames are drawn at most this often: each uploads what has arrived. */
const LOAD_FRAME_MS = 150;

export class Planes implements PaneScene {
  readonly image: ImageSlices;
  readonly panes: readonly PlanePane[];
  window: VoiWindow;
  /** Told after anything moved: crosshair, slice, zoom or window. */
  readonly moved = new Subscribers<null>();

  private readonly input: ViewerInput;
  private readonly overlay: Overlay;
  private readonly loading = new AbortController();
  private readonly resizes: ResizeObserver;
  private stage: Stage | null = null;
  private cross: Ijk;
  private renderTimer: ReturnType<typeof setTimeout> | null = null;
  private destroyed = false;

  constructor(elements: PlaneElements, input: ViewerInput, overlay: Overlay) {
    const { shape, spacing_mm } = input.volume;
    this.input = input;
    this.overlay = overlay;
    this.window = input.window ?? SOFT_TISSUE;
    this.image = new ImageSlices(shape);
    this.cross = nearestVoxel(shape, ijk((shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2));
    this.panes = PLANES.map(
      (plane) => new PlanePane(elements[plane], planeFrame(plane, shape, spacing_mm), shape, this),
    );
    this.resizes = new ResizeObserver(() => this.resized());
  }

  get volume(): ViewerVolume {
    return this.input.volume;
  }

  get isReady(): boolean {
    return this.stage !== null;
  }

  async mount(): Promise<void> {
    const [axial, sagittal, coronal] = this.panes.map((pane) => pane.imageElement);
    if (!axial || !sagittal || !coronal) throw new Error('The viewer needs its three planes.');
    const { spacing_mm } = this.volume;
    const stage = await Stage.open({ axial, sagittal, coronal }, this.image, spacing_mm, this.window);
    this.stage = stage;
    for (const pane of this.panes) {
      stage.onRendered(pane.frame.plane, () => pane.drawOverlay());
      pane.reset();
      this.resizes.observe(pane.root);
    }
  }

  async load(onProgress: (progress: LoadProgress) => void): Promise<void> {
    const { imageUrl, volume } = this.input;
    const source = { url: imageUrl, levels: volume.levels, chunkSlices: volume.chunk_slices };
    const onSlices = (first: number, count: number) => {
      this.stage?.slicesChanged(first, count);
      this.renderSoon();
    };
    const listener = { centreSlice: () => this.cross[2], onSlices, onProgress };
    try {
      await loadImage(source, this.image, listener, this.loading.signal);
    } catch (error) {
      // A viewer that was closed meanwhile has nothing to report.
      if (!this.destroyed) throw error;
    }
    this.moved.tell(null);
  }

  private renderSoon(): void {
    this.renderTimer ??= setTimeout(() => {
      this.renderTimer = null;
      this.stage?.renderAll();
    }, LOAD_FRAME_MS);
  }

  // What is drawn

  content(): MaskContent | null {
    return this.overlay.content();
  }

  crosshair(): Ijk {
    return this.cross;
  }

  look(pane: PlanePane): void {
    const { centre, pixelsPerMm, height } = pane.view;
    const [si, sj, sk] = this.volume.spacing_mm;
    const focalPoint = [centre[0] * si, centre[1] * sj, centre[2] * sk] as const;
    this.stage?.look(pane.frame.plane, focalPoint, height / 2 / pixelsPerMm);
    this.moved.tell(null);
  }

  /** Labels or styles have changed. */
  redraw(): void {
    for (const pane of this.panes) pane.invalidate();
  }

  edited({ low, high }: EditBox): void {
    for (const pane of this.panes) {
      const { normal } = pane.frame;
      if (pane.slice >= low[normal] && pane.slice <= high[normal]) pane.invalidate();
    }
  }

  setNote(note: string): void {
    for (const pane of this.panes) pane.marks.setNote(note);
  }

  setWindow(window: VoiWindow): void {
    this.window = { width: Math.max(1, window.width), level: window.level };
    this.stage?.setWindow(this.window);
    this.moved.tell(null);
  }

  // Where

  pane(plane: Plane): PlanePane {
    const found = this.panes.find(({ frame }) => frame.plane === plane);
    if (found === undefined) throw new RangeError(`There is no plane ${plane}.`);
    return found;
  }

  goTo(index: Ijk): void {
    this.cross = nearestVoxel(this.volume.shape, index);
    for (const pane of this.panes) pane.reveal(this.cross);
  }

  /** Moves the crosshair; the planes other than `from` follow. */
  moveCrosshair(index: Ijk, from: ToolPane): void {
    this.cross = index;
    for (const pane of this.panes) {
      if (pane === from) pane.placeCrosshair();
      else pane.reveal(index);
    }
    this.moved.tell(null);
  }

  setSlice(pane: PlanePane, slice: number): void {
    const { normal } = pane.frame;
    const cross: [number, number, number] = [this.cross[0], this.cross[1], this.cross[2]];
    cross[normal] = slice;
    this.cross = nearestVoxel(this.volume.shape, ijk(...cross));
    pane.setSlice(this.cross[normal]);
    for (const other of this.panes) if (other !== pane) other.placeCrosshair();
  }

  /** By the wheel: a turn towards the reader goes to the feet, as the slices of a CT are numbered. */
  turn(pane: PlanePane, by: number): void {
    this.setSlice(pane, pane.slice + (pane.frame.plane === 'axial' ? -by : by));
  }

  zoom(pane: PlanePane, factor: number, about: ScreenPoint): void {
    pane.zoom(factor, about);
  }

  resetView(): void {
    for (const pane of this.panes) pane.reset();
  }

  private resized(): void {
    if (this.destroyed) return;
    this.stage?.resize();
    for (const pane of this.panes) pane.resized();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.loading.abort();
    this.resizes.disconnect();
    if (this.renderTimer !== null) clearTimeout(this.renderTimer);
    this.stage?.destroy();
    for (const pane of this.panes) pane.remove();
    this.moved.clear();
  }
}
