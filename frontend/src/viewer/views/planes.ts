/** The three planes of one case: where they look, the image that comes in, and the overlay above it. */
import { type Box, type Ijk, ijk, nearestVoxel, PLANES, type Plane, type Triple } from '../../voxels';
import { loadImage } from '../imageLoader';
import { ImageSlices } from '../imageSlices';
import type { MaskContent } from '../maskPainter';
import { planeFrame, type ScreenPoint } from '../planeFrame';
import { type PaneScene, PlanePane } from '../planePane';
import type { LoadProgress, PlaneElements, ViewerInput, ViewerVolume, VoiWindow } from '../port';
import { Subscribers } from '../subscribers';
import { middleOf } from './bounds';
import { WindowTable } from './imagePainter';
import type { Overlay } from './overlay';
import type { Slab } from './port';
import { Twin } from './twin';

export const SOFT_TISSUE: VoiWindow = { width: 400, level: 40 };

export class Planes implements PaneScene {
  readonly image: ImageSlices;
  readonly table: WindowTable;
  readonly panes: readonly PlanePane[];
  readonly bounds: Box | null;
  window: VoiWindow;
  /** Planes were turned about the crosshair. */
  isOblique = false;
  slab: Slab | null = null;
  /** Told after anything moved: crosshair, slice, zoom or window. */
  readonly moved = new Subscribers<null>();
  /** Slices of the finest level came in. */
  readonly arrived = new Subscribers<null>();
  /** A pane was put beside another one, or taken away. */
  readonly twinned = new Subscribers<Twin | null>();
  twin: Twin | null = null;

  private readonly input: ViewerInput;
  private readonly overlay: Overlay;
  private readonly loading = new AbortController();
  private readonly resizes: ResizeObserver;
  private cross: Ijk;
  degrees: Triple = [0, 0, 0];
  private destroyed = false;

  constructor(elements: PlaneElements, input: ViewerInput, overlay: Overlay) {
    const { shape, spacing_mm, spacing_known } = input.volume;
    this.input = input;
    this.overlay = overlay;
    this.window = input.window ?? SOFT_TISSUE;
    this.table = new WindowTable(this.window);
    this.image = new ImageSlices(shape);
    this.bounds = input.bounds ?? null;
    this.cross = middleOf(shape, this.bounds);
    this.panes = PLANES.map((plane) => {
      const frame = planeFrame(plane, shape, spacing_mm, spacing_known);
      return new PlanePane(elements[plane], frame, shape, this);
    });
    this.resizes = new ResizeObserver(() => this.resized());
    for (const pane of this.panes) {
      pane.reset();
      this.resizes.observe(pane.root);
    }
  }

  get volume(): ViewerVolume {
    return this.input.volume;
  }

  async load(onProgress: (progress: LoadProgress) => void): Promise<void> {
    const { imageUrl, volume } = this.input;
    const source = { url: imageUrl, levels: volume.levels, chunkSlices: volume.chunk_slices };
    const onSlices = (first: number, count: number) => {
      for (const pane of this.all) pane.imageArrived(first, count);
      this.arrived.tell(null);
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

  // What is drawn

  content(): MaskContent | null {
    return this.overlay.content();
  }

  crosshair(): Ijk {
    return this.cross;
  }

  looked(pane: PlanePane): void {
    this.twin?.moved(pane);
    this.moved.tell(null);
  }

  /** The three planes, and the one that stands beside one of them. */
  private get all(): readonly PlanePane[] {
    return this.twin === null ? this.panes : [...this.panes, this.twin.pane];
  }

  /** Shows a plane once more in this element, with the mask that stands beside; null takes it away. */
  mountTwin(element: HTMLDivElement | null, plane: Plane): void {
    if (this.twin !== null) {
      this.twinned.tell(null);
      this.resizes.unobserve(this.twin.pane.root);
      this.twin.remove();
      this.twin = null;
    }
    if (element === null || this.destroyed) return;
    const { image, table } = this;
    const slab = (): Slab | null => this.slab;
    const twin = new Twin(element, this.pane(plane), this.volume.shape, {
      image,
      table,
      bounds: this.bounds,
      get slab() {
        return slab();
      },
      content: () => this.overlay.besideContent(),
      crosshair: () => this.cross,
      looked: (pane) => this.twin?.moved(pane),
    });
    this.twin = twin;
    twin.tilt(this.degrees);
    this.resizes.observe(twin.pane.root);
    this.twinned.tell(twin);
  }

  /** Labels or styles have changed. */
  redraw(): void {
    for (const pane of this.all) pane.invalidate();
  }

  edited(box: Box): void {
    const { low, size } = box;
    for (const pane of this.panes) {
      const { normal } = pane.frame;
      const isCut = pane.slice >= low[normal] && pane.slice < low[normal] + size[normal];
      if (isCut || this.isOblique) pane.invalidate(box);
    }
  }

  setNote(note: string): void {
    const shown = note === '' && this.isOblique ? 'Oblique: drawing is off' : note;
    for (const pane of this.panes) pane.marks.setNote(shown);
  }

  setWindow(window: VoiWindow): void {
    this.window = { width: Math.max(1, window.width), level: window.level };
    this.table.set(this.window);
    for (const pane of this.all) pane.redrawImage();
    this.moved.tell(null);
  }

  setSlab(slab: Slab | null): void {
    this.slab = slab;
    for (const pane of this.all) pane.slabChanged();
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
    this.twin?.pane.placeCrosshair();
    this.moved.tell(null);
  }

  /** Of what is asked for, or of the scan. */
  goToMiddle(): void {
    this.goTo(middleOf(this.volume.shape, this.bounds));
  }

  /** Moves the crosshair; the planes other than `from` follow. */
  moveCrosshair(index: Ijk, from: { readonly frame: PlanePane['frame'] }): void {
    this.cross = index;
    for (const pane of this.panes) {
      if (pane.frame === from.frame) pane.placeCrosshair();
      else pane.reveal(index);
    }
    this.twin?.pane.placeCrosshair();
    this.moved.tell(null);
  }

  setSlice(pane: PlanePane, slice: number): void {
    if (this.isOblique) {
      this.goTo(pane.stepped(slice - pane.slice));
      return;
    }
    const { normal } = pane.frame;
    const cross: [number, number, number] = [this.cross[0], this.cross[1], this.cross[2]];
    cross[normal] = slice;
    this.cross = nearestVoxel(this.volume.shape, ijk(...cross));
    pane.setSlice(this.cross[normal]);
    for (const other of this.all) if (other !== pane) other.placeCrosshair();
  }

  /** By the wheel: a turn towards the reader goes to the feet, as the slices of a CT are numbered. */
  turn(pane: PlanePane, by: number): void {
    this.setSlice(pane, pane.slice + (pane.frame.plane === 'axial' ? -by : by));
  }

  zoom(pane: PlanePane, factor: number, about: ScreenPoint): void {
    pane.zoom(factor, about);
  }

  /** As the case opened; where that is a part which is shown already, all of the scan. */
  resetView(): void {
    const isPart = this.bounds !== null && this.panes.every(({ fittedTo }) => fittedTo === 'asked');
    for (const pane of this.panes) pane.reset(isPart ? 'scan' : 'asked');
  }

  /** Turns all planes about the crosshair; zeros make them straight again. */
  tilt(degrees: Triple): void {
    this.isOblique = degrees.some((angle) => angle !== 0);
    this.degrees = degrees;
    for (const pane of this.panes) pane.tilt(degrees);
    this.twin?.tilt(degrees);
    this.setNote(this.overlay.note());
  }

  private resized(): void {
    if (this.destroyed) return;
    for (const pane of this.panes) pane.resized();
    if (this.twin === null) return;
    this.twin.resized();
    this.moved.tell(null);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.mountTwin(null, 'axial');
    this.destroyed = true;
    this.loading.abort();
    this.resizes.disconnect();
    for (const pane of this.panes) pane.remove();
    this.moved.clear();
    this.arrived.clear();
    this.twinned.clear();
  }
}
