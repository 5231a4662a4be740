/** What a page may ask about how the scan is shown. */
import type { Ijk, LabelMap, Plane, StructureRef, Triple } from '../../voxels';
import type { GreySummary } from './greyValues';

export type { GreySummary } from './greyValues';

/** Panes of the page; `volume` is the 3-D view of the surfaces. */
export type Pane = Plane | 'volume';

export const LAYOUTS = [
  'large_axial',
  'three_and_volume',
  'large_sagittal',
  'large_coronal',
  'single',
] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Added solid and removed hatched; outlines over outlines; or the other mask in the pane beside. */
export type ComparisonView = 'difference' | 'overlay' | 'beside';

/** What a thick slab shows of the HU along the normal of a plane. */
export const PROJECTIONS = ['maximum', 'minimum', 'mean'] as const;
export type Projection = (typeof PROJECTIONS)[number];

export interface Slab {
  readonly projection: Projection;
  readonly thickness_mm: number;
}

/** Uncertainty of a prediction on a coarser grid that covers the whole scan; 255 = a coin toss between two structures. */
export interface HeatMap {
  readonly shape: Triple;
  /** i fastest. */
  readonly values: Uint8Array;
}

/** Per slice of one plane, for the rail beside it. */
export interface RailMarks {
  readonly plane: Plane;
  readonly slices: number;
  /** 1 where a visible structure is. */
  readonly structures: Uint8Array;
  /** 1 where the active structure is. */
  readonly active: Uint8Array;
  /** 1 where the reader changed something since the case was opened. */
  readonly edited: Uint8Array;
  /** Mean of the largest uncertainties of the slice, 0 to 255; all 0 without a heat map. */
  readonly uncertain: Uint8Array;
  /** 1 where the slice was on screen for a moment in this plane. */
  readonly looked: Uint8Array;
}

export interface SurfaceState {
  /** Structures whose surface is being computed. */
  readonly pending: number;
  readonly total: number;
}

export interface ViewsPort {
  setLayout(layout: Layout, single?: Pane): void;
  readonly layout: Layout;
  /** Planes that the page shows. The others keep their size below them: nothing in those counts as looked at. */
  setSeen(planes: readonly Plane[]): void;
  /** The element of the 3-D view; null takes it away and frees its memory. */
  mountVolume(element: HTMLElement | null): void;
  onSurfaces(callback: (state: SurfaceState) => void): () => void;
  /** Rotates the planes about the crosshair, degrees about each axis of the scan; zeros: straight again. */
  setOblique(degrees: Triple): void;
  /** The reader turned the planes with the pointer. */
  onOblique(callback: (degrees: Triple) => void): () => void;
  /** Whether planes are oblique: then tools that draw are off and say so. */
  readonly isOblique: boolean;
  /**
   * Every plane shows a slab of so many millimetres about its slice; null: the slice. Display only: masks, tools and HU
   * stay those of the slice, and no slice counts as looked at.
   */
  setSlab(slab: Slab | null): void;
  setHeatMap(map: HeatMap | null): void;
  showHeatMap(shown: boolean, opacity: number): void;
  /** Another mask over or beside the own one; null takes it away. */
  compareWith(map: LabelMap | null, how: ComparisonView): void;
  /**
   * The same plane once more in this element, linked in slice, zoom, pan, window and pointer, to look at only: it
   * draws the mask that `compareWith` put beside. Null takes it away.
   */
  mountBeside(element: HTMLDivElement | null, plane: Plane): void;
  /**
   * Another mask in place of the own one, under a name that the planes show: nothing can be drawn until null takes
   * it away. `compareWith` then compares with this one.
   */
  showInstead(map: LabelMap | null, note: string): void;
  setOutlineWidth(pixels: number): void;
  readonly slices: Readonly<Record<Plane, number>>;
  onSlices(callback: (slices: Readonly<Record<Plane, number>>) => void): () => void;
  setSlice(plane: Plane, slice: number): void;
  rail(plane: Plane): RailMarks;
  /** At most a few times a second, when marks of a rail changed. */
  onRails(callback: () => void): () => void;
  /** Slices seen before (from the server), so that the rails and the meter go on. */
  setLooked(plane: Plane, looked: Uint8Array): void;
  /** Share of a structure's axial slices that were looked at, 0 to 1; null where it has no voxel. */
  lookedShare(structure: StructureRef): number | null;
  readonly crosshair: Ijk;
  /**
   * The HU of all voxels of a structure, from slices that are here in full; null where there are none. Counted in
   * short portions; what is aborted has null as well.
   */
  greyOf(structure: StructureRef, signal: AbortSignal): Promise<GreySummary | null>;
}

/** Fetches a scan's bytes ahead, so that opening it next shows its first slice at once. */
export type Prefetch = (
  imageUrl: string,
  levels: readonly { readonly shape: Triple; readonly path: string }[],
  chunkSlices: number,
  signal: AbortSignal,
) => Promise<void>;
