/** How the scan is shown: layout, slices, comparisons, rails, surfaces. What a page may ask is in port.ts. */
import {
  type Ijk,
  type LabelMap,
  PLANES,
  type Plane,
  type SliceRuns,
  type StrokeRecord,
  type StructureRef,
  type Triple,
} from '../../voxels';
import type { StructureView } from '../port';
import { Subscribers } from '../subscribers';
import { type GreySummary, GreyValues } from './greyValues';
import type { Overlay } from './overlay';
import type { Planes } from './planes';
import type { ComparisonView, HeatMap, Layout, Pane, RailMarks, Slab, SurfaceState, ViewsPort } from './port';
import { Rails } from './rails';
import { Surfaces } from './surfaces';
import { VolumeView } from './volumeView';

/** Counting that takes longer leaves frames and the pointer their turns. */
const PORTION_MS = 8;

type Slices = Readonly<Record<Plane, number>>;

export class Views implements ViewsPort {
  layout: Layout = 'large_axial';
  private seen: readonly Plane[] = PLANES;
  private readonly planes: Planes;
  private readonly overlay: Overlay;
  private readonly map: LabelMap;
  private readonly rails: Rails;
  private readonly surfaces: Surfaces;
  private volume: VolumeView | null = null;
  private readonly sliceListeners = new Subscribers<Slices>();
  private readonly turns = new Subscribers<Triple>();
  private told: Slices = { axial: -1, sagittal: -1, coronal: -1 };

  constructor(planes: Planes, overlay: Overlay, map: LabelMap, structures: readonly StructureView[]) {
    this.planes = planes;
    this.overlay = overlay;
    this.map = map;
    this.rails = new Rails(map, planes.bounds);
    this.rails.setStyles(overlay.styles);
    this.surfaces = new Surfaces(map, this.rails.shadows, planes.volume.spacing_mm);
    planes.moved.add(() => {
      this.tellSlices();
      this.volume?.redraw();
    });
    this.surfaces.setStructures(structures);
    planes.arrived.add(() => this.tellLooking());
  }

  // What the viewer tells

  setStructures(structures: readonly StructureView[]): void {
    this.overlay.setStructures(structures);
    this.rails.setStyles(this.overlay.styles);
    this.surfaces.setStructures(structures);
    this.planes.redraw();
  }

  setActive(structure: StructureRef): void {
    this.rails.setActive(structure);
  }

  /** One stroke, undo or redo. */
  drawn(record: StrokeRecord): void {
    this.rails.edits(record.delta);
    this.surfaces.edited(record.events.map(({ layer, structure }) => ({ layer, value: structure })));
  }

  /** Edits that were drawn earlier. */
  replayed(delta: readonly SliceRuns[]): void {
    this.rails.edits(delta);
    this.surfaces.edited(null);
  }

  // What pages ask

  setLayout(layout: Layout, _single?: Pane): void {
    this.layout = layout;
  }

  setSeen(planes: readonly Plane[]): void {
    this.seen = planes;
    this.tellLooking();
  }

  mountVolume(element: HTMLElement | null): void {
    element?.replaceChildren();
    this.surfaces.setTarget(null);
    this.volume?.destroy();
    this.volume = null;
    if (element === null) return;
    const volume = new VolumeView(element, this.planes, {
      restored: () => this.surfaces.setTarget(volume),
      failed: () => this.surfaces.setTarget(null),
    });
    this.volume = volume;
    this.surfaces.setTarget(volume);
  }

  onSurfaces(callback: (state: SurfaceState) => void): () => void {
    return this.surfaces.changed.add(callback);
  }

  resetView(): void {
    this.planes.resetView();
    this.volume?.reset();
  }

  setOblique(degrees: Triple): void {
    if (this.planes.degrees.every((angle, axis) => angle === degrees[axis])) return;
    this.planes.tilt(degrees);
    this.tellLooking();
  }

  /** As the pointer turns them. */
  turn(degrees: Triple): void {
    this.setOblique(degrees);
    this.turns.tell(degrees);
  }

  onOblique(callback: (degrees: Triple) => void): () => void {
    return this.turns.add(callback);
  }

  get isOblique(): boolean {
    return this.planes.isOblique;
  }

  setSlab(slab: Slab | null): void {
    this.planes.setSlab(slab);
    this.tellLooking();
  }

  setHeatMap(map: HeatMap | null): void {
    this.overlay.heatMap = map;
    this.rails.setHeatMap(map);
    this.planes.redraw();
  }

  showHeatMap(shown: boolean, opacity: number): void {
    this.overlay.showHeatMap(shown, opacity);
    this.planes.redraw();
  }

  compareWith(map: LabelMap | null, how: ComparisonView): void {
    this.overlay.compareWith(map, how);
    this.planes.redraw();
  }

  mountBeside(element: HTMLDivElement | null, plane: Plane): void {
    this.planes.mountTwin(element, plane);
  }

  showInstead(map: LabelMap | null, note: string): void {
    this.overlay.setInstead(map, note);
    this.planes.redraw();
    this.planes.setNote(this.overlay.note());
  }

  setOutlineWidth(pixels: number): void {
    this.overlay.setOutlineWidth(pixels);
    this.planes.redraw();
  }

  get slices(): Slices {
    const slice = (plane: Plane): number => this.planes.pane(plane).slice;
    return { axial: slice('axial'), sagittal: slice('sagittal'), coronal: slice('coronal') };
  }

  onSlices(callback: (slices: Slices) => void): () => void {
    return this.sliceListeners.add(callback);
  }

  setSlice(plane: Plane, slice: number): void {
    this.planes.setSlice(this.planes.pane(plane), slice);
  }

  rail(plane: Plane): RailMarks {
    return this.rails.marks(plane);
  }

  onRails(callback: () => void): () => void {
    return this.rails.changed.add(callback);
  }

  setLooked(plane: Plane, looked: Uint8Array): void {
    this.rails.setLooked(plane, looked);
  }

  lookedShare(structure: StructureRef): number | null {
    return this.rails.lookedShare(structure);
  }

  get crosshair(): Ijk {
    return this.planes.crosshair();
  }

  async greyOf({ layer, value }: StructureRef, signal: AbortSignal): Promise<GreySummary | null> {
    const { image } = this.planes;
    const grey = new GreyValues();
    let until = performance.now() + PORTION_MS;
    for (const [k, labels] of (this.map.layers[layer] ?? []).entries()) {
      if (performance.now() > until) {
        await new Promise((resume) => setTimeout(resume));
        until = performance.now() + PORTION_MS;
      }
      if (signal.aborted) return null;
      grey.take(labels, value, image.isFull(k) ? (image.slices[k] ?? null) : null);
    }
    return grey.summary();
  }

  destroy(): void {
    this.rails.destroy();
    this.sliceListeners.clear();
    this.turns.clear();
    this.mountVolume(null);
    this.surfaces.destroy();
  }

  private tellSlices(): void {
    const now = this.slices;
    const changed = PLANES.filter((plane) => now[plane] !== this.told[plane]);
    if (changed.length === 0) return;
    this.told = now;
    for (const plane of changed) this.tellLooking(plane);
    this.sliceListeners.tell(now);
  }

  /** A slice counts as looked at only where it is shown by itself, straight and in full. */
  private tellLooking(plane: Plane | null = null): void {
    const isPlain = !this.isOblique && this.planes.slab === null;
    for (const pane of this.planes.panes) {
      const { frame, slice, isShown } = pane;
      if (plane !== null && plane !== frame.plane) continue;
      const isFull = frame.normal === 2 ? this.planes.image.isFull(slice) : this.planes.image.isComplete;
      const isSeen = isShown && this.seen.includes(frame.plane);
      this.rails.shows(frame.plane, isSeen && isFull && isPlain ? slice : null);
    }
  }
}
