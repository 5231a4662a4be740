import type {
  Box,
  EditEngine,
  EditTool,
  Ijk,
  LabelMap,
  Lps,
  Plane,
  SliceRuns,
  StrokeRecord,
  StructureEvent,
  Triple,
  VoxelCounts,
} from '../voxels';
import type { ToolPort } from './tools/port';
import type { ViewsPort } from './views/port';

export type ToolName = 'brush' | 'eraser' | 'pan' | 'zoom' | 'window' | 'crosshair';

/** How a structure is drawn: fill and outline, or one of the two. */
export const DRAWINGS = ['both', 'outline', 'fill'] as const;
export type Drawing = (typeof DRAWINGS)[number];

/** What a stroke event is called in the record of work. */
export type StrokeTool = EditTool;

export interface StructureView {
  readonly layer: number;
  readonly value: number;
  readonly name: string;
  /** `#rrggbb` */
  readonly colour: string;
  readonly visible: boolean;
  readonly locked: boolean;
  /** Opacity of the fill, 0 to 1; 0.35 where not given. */
  readonly opacity?: number;
  /** Both where not given. */
  readonly drawing?: Drawing;
}

export interface ImageLevel {
  /** (ni, nj, nk) of this level. */
  readonly shape: Triple;
  /** Path of the level below the image's address: "0", "1", "2". */
  readonly path: string;
}

export interface ViewerVolume {
  /** (ni, nj, nk) */
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  /** False: nobody knows how large a voxel is; lengths are told in voxels. True where not given. */
  readonly spacing_known?: boolean;
  readonly origin_lps: Triple;
  readonly direction: readonly [Triple, Triple, Triple];
  /** Finest first. */
  readonly levels: readonly ImageLevel[];
  /** Slices in one chunk of the image. */
  readonly chunk_slices: number;
}

export interface ViewerInput {
  readonly volume: ViewerVolume;
  /** Address of the OME-Zarr image, without a slash at the end: `/api/volumes/7/zarr`. */
  readonly imageUrl: string;
  /** The mask to edit. The viewer draws and changes it in place. */
  readonly mask: LabelMap;
  /** Its voxels, where they were counted before; the viewer keeps them up to date. */
  readonly counts?: VoxelCounts;
  /** What `peek('prediction')` shows, or null where there is no prediction. */
  readonly prediction: LabelMap | null;
  readonly structures: readonly StructureView[];
  /** False: strokes are refused, everything else works. */
  readonly editable: boolean;
  /** All that is asked for: shown, and nothing outside of it changes. Null or not given: the whole scan. */
  readonly bounds?: Box | null;
  readonly window?: VoiWindow;
}

export interface VoiWindow {
  readonly width: number;
  readonly level: number;
}

export interface Brush {
  readonly radius_mm: number;
  readonly sphere: boolean;
}

export interface LoadProgress {
  /** Slices of the finest level that are in place. */
  readonly loadedSlices: number;
  readonly totalSlices: number;
  /** The finest level of which every slice is in place; the number of levels while there is none. */
  readonly level: number;
}

export interface Stroke {
  readonly tool: StrokeTool;
  /** The same for what was drawn, its undo and its redo. */
  readonly step: object;
  readonly layer: number;
  /** Value of the structure that was painted or erased. */
  readonly structure: number;
  /** Give it to the save queue: what changed, and what beside it holds the value already. */
  readonly delta: readonly SliceRuns[];
  /** Voxels that belong to a structure now and did not, or to another, before. */
  readonly added: number;
  /** Voxels that belonged to a structure before and do not, or to another, now. */
  readonly removed: number;
  /** One for each structure that gained or lost: an operation can change several. */
  readonly events: readonly StructureEvent[];
}

export interface Cursor {
  readonly ijk: Ijk;
  readonly lps: Lps;
  /** Null while the voxel has not been loaded at full resolution. */
  readonly hu: number | null;
  /** Structure under the cursor: the first visible layer that has one there; null for none. */
  readonly structure: { readonly layer: number; readonly value: number } | null;
  readonly window: VoiWindow;
  /** Screen pixels per image pixel of the plane under the pointer. */
  readonly zoom: number;
}

/** Everything a page may do with the viewer. Methods may be called before `load` has finished. */
export interface ViewerPort {
  /**
   * Fetches the image, coarse first. Resolves when every slice is in place, or when the viewer was destroyed;
   * rejects with a ViewerError.
   */
  load(onProgress: (progress: LoadProgress) => void): Promise<void>;
  readonly engine: EditEngine;
  readonly tools: ToolPort;
  readonly views: ViewsPort;
  setStructures(structures: readonly StructureView[]): void;
  setActive(layer: number, value: number): void;
  setTool(tool: ToolName): void;
  setBrush(brush: Brush): void;
  setWindow(window: VoiWindow): void;
  /** Hides the overlays, or shows the prediction in place of the mask, until called with 'none'. */
  peek(mode: 'none' | 'image' | 'prediction'): void;
  /** Draws the mask against a base: added solid, removed hatched. Null: plain mask again. */
  showDifference(base: LabelMap | null): void;
  goTo(index: Ijk): void;
  /** To the middle of what is asked for, or of the scan. */
  goToMiddle(): void;
  scroll(plane: Plane, by: number): void;
  undo(): boolean;
  redo(): boolean;
  /** A step that was undone in the engine by somebody else: drawn, and told to those who listen for strokes. */
  noteUndone(record: StrokeRecord): void;
  /** The same for a step that was made in the engine by somebody else. */
  noteDone(record: StrokeRecord): void;
  resetView(): void;
  /** One plane over the whole of its container, or null for all three. */
  maximise(plane: Plane | null): void;
  /** Applies edits that were drawn earlier (an outbox after a reload). They cannot be undone. */
  replay(delta: readonly SliceRuns[]): void;
  /** After each mouse-up that changed something, each undo and each redo. Returns the way to unsubscribe. */
  onStroke(callback: (stroke: Stroke) => void): () => void;
  /** At most once per animation frame. */
  onCursor(callback: (cursor: Cursor) => void): () => void;
  /** The reader changed the brush size with the wheel. */
  onBrush(callback: (brush: Brush) => void): () => void;
  /** The reader maximised a plane, or went back, by double click: the page lays out the three elements. */
  onMaximise(callback: (plane: Plane | null) => void): () => void;
  destroy(): void;
}

/** A sentence for the reader; `status` is the server's answer where there was one. */
export class ViewerError extends Error {
  readonly status: number | null;

  constructor(sentence: string, status: number | null = null) {
    super(sentence);
    this.name = 'ViewerError';
    this.status = status;
  }
}

export interface PlaneElements {
  readonly axial: HTMLDivElement;
  readonly sagittal: HTMLDivElement;
  readonly coronal: HTMLDivElement;
}
