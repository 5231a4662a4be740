/** How the scan is shown: layout, slices, comparisons. What a page may ask is in port.ts. */
import type { Ijk, LabelMap, Plane, StructureRef, Triple } from '../../voxels';
import { Subscribers } from '../subscribers';
import type { Overlay } from './overlay';
import type { Planes } from './planes';
import type { HeatMap, Layout, Pane, RailMarks, SurfaceState, ViewsPort } from './port';

export class Views implements ViewsPort {
  layout: Layout = 'large_axial';
  isOblique = false;
  private readonly planes: Planes;
  private readonly overlay: Overlay;
  private readonly sliceListeners = new Subscribers<Readonly<Record<Plane, number>>>();
  private readonly railListeners = new Subscribers<null>();
  private readonly surfaceListeners = new Subscribers<SurfaceState>();
  private told = '';

  constructor(planes: Planes, overlay: Overlay) {
    this.planes = planes;
    this.overlay = overlay;
    planes.moved.add(() => this.tellSlices());
  }

  setLayout(layout: Layout, _single?: Pane): void {
    this.layout = layout;
  }

  mountVolume(_element: HTMLDivElement | null): void {}

  onSurfaces(callback: (state: SurfaceState) => void): () => void {
    return this.surfaceListeners.add(callback);
  }

  setOblique(_degrees: Triple): void {}

  setHeatMap(_map: HeatMap | null): void {}

  showHeatMap(_shown: boolean, _opacity: number): void {}

  compareWith(map: LabelMap | null, _how: 'difference' | 'overlay'): void {
    this.overlay.setBase(map);
    this.planes.redraw();
  }

  showInstead(map: LabelMap | null, note: string): void {
    this.overlay.setInstead(map, note);
    this.planes.redraw();
    this.planes.setNote(this.overlay.note());
  }

  setDrawing(_how: 'both' | 'outline' | 'fill'): void {}

  setOutlineWidth(_pixels: number): void {}

  get slices(): Readonly<Record<Plane, number>> {
    const slice = (plane: Plane): number => this.planes.pane(plane).slice;
    return { axial: slice('axial'), sagittal: slice('sagittal'), coronal: slice('coronal') };
  }

  onSlices(callback: (slices: Readonly<Record<Plane, number>>) => void): () => void {
    return this.sliceListeners.add(callback);
  }

  setSlice(plane: Plane, slice: number): void {
    this.planes.setSlice(this.planes.pane(plane), slice);
  }

  rail(plane: Plane): RailMarks {
    const { slices } = this.planes.pane(plane).frame;
    const none = new Uint8Array(slices);
    return { plane, slices, structures: none, active: none, edited: none, uncertain: none, looked: none };
  }

  onRails(callback: () => void): () => void {
    return this.railListeners.add(callback);
  }

  setLooked(_plane: Plane, _looked: Uint8Array): void {}

  lookedShare(_structure: StructureRef): number | null {
    return null;
  }

  get crosshair(): Ijk {
    return this.planes.crosshair();
  }

  destroy(): void {
    this.sliceListeners.clear();
    this.railListeners.clear();
    this.surfaceListeners.clear();
  }

  private tellSlices(): void {
    const now = this.slices;
    const key = `${now.axial} ${now.sagittal} ${now.coronal}`;
    if (key === this.told) return;
    this.told = key;
    this.sliceListeners.tell(now);
  }
}
