/** What a page may ask of the tools that edit and measure. */
import type {
  EditMask,
  Ijk,
  OperationName,
  OperationParams,
  Plane,
  StructureRef,
  Triple,
} from '../../voxels';

/** Tools that work by pointer in a plane. */
export const POINTER_TOOLS = [
  'brush',
  'eraser',
  'threshold_brush',
  'accept_brush',
  'draw',
  'scissors',
  'level_tracing',
  'flood_fill',
  'pick',
  'probe',
  'length',
  'bidirectional',
  'angle',
  'ellipse',
  'pan',
  'zoom',
  'window',
  'crosshair',
] as const;

export type PointerTool = (typeof POINTER_TOOLS)[number];

/** Inclusive, in Hounsfield units. */
export type HuRange = readonly [low: number, high: number];

export interface ScissorsOptions {
  readonly form: 'rectangle' | 'circle' | 'freehand';
  readonly inside: boolean;
  readonly action: 'erase' | 'fill';
  /** How far along the viewing axis: this slice, so many slices to both sides, or all. */
  readonly reach: 'slice' | 'all' | { readonly slices: number };
}

export interface FloodOptions {
  readonly tolerance_hu: number;
  readonly threeD: boolean;
  /** Nothing farther than this from the click is filled. */
  readonly max_mm: number;
}

export interface ToolOptions {
  readonly thresholdBrush: HuRange;
  readonly scissors: ScissorsOptions;
  readonly flood: FloodOptions;
}

export type Measurement = {
  readonly id: number;
  /** What the reader calls it. */
  readonly label: string;
  readonly plane: Plane;
  /** Slice of the plane; of a turned one, the slice of a point of it. */
  readonly slice: number;
  /** How the plane was turned, degrees about each axis of the scan; zeros in a slice. */
  readonly tilt: Triple;
} & (
  | { readonly kind: 'length'; readonly ends: readonly [Ijk, Ijk]; readonly length_mm: number }
  | {
      readonly kind: 'bidirectional';
      readonly long: readonly [Ijk, Ijk];
      readonly short: readonly [Ijk, Ijk];
      readonly long_mm: number;
      readonly short_mm: number;
    }
  | {
      readonly kind: 'angle';
      /** The vertex stands in the middle. */
      readonly points: readonly [Ijk, Ijk, Ijk];
      /** Between the two arms, 0 to 180. */
      readonly angle_deg: number;
    }
  | {
      readonly kind: 'ellipse';
      /** Ends of two axes that cross at a right angle in their middles; neither is the longer one by rule. */
      readonly axes: readonly [readonly [Ijk, Ijk], readonly [Ijk, Ijk]];
      readonly area_mm2: number;
    }
);

/** The HU within an ellipse. */
export interface GreyInside {
  /** Voxels of a slice, or samples of a turned plane; with none, the other figures are 0. */
  readonly samples: number;
  readonly mean_hu: number;
  /** Of what is inside, not of a sample of something larger. */
  readonly sd_hu: number;
  readonly least_hu: number;
  readonly most_hu: number;
}

export interface MeasurementPort {
  readonly all: readonly Measurement[];
  /** Told all the while that something is dragged. */
  onChange(callback: (all: readonly Measurement[]) => void): () => void;
  /** Told when something was drawn, changed or deleted, and never of a drag that is under way. */
  onSettled(callback: (all: readonly Measurement[]) => void): () => void;
  /** Replaces all of them: what an earlier sitting left. */
  restore(all: readonly Measurement[]): void;
  /** Somebody else's, drawn to be looked at: no end of them can be taken. */
  show(others: readonly Measurement[]): void;
  label(id: number, label: string): void;
  /** Null while a part of it is not loaded in full. */
  greyIn(ellipse: Extract<Measurement, { kind: 'ellipse' }>): GreyInside | null;
  remove(id: number): void;
}

/** A place that somebody marked: drawn in the slices nearest to it, to look at. */
export interface MarkedPlace {
  readonly at: Ijk;
  /** One to three characters. */
  readonly mark: string;
  /** What was done is drawn fainter. */
  readonly isDone: boolean;
  readonly isCurrent: boolean;
}

export interface PlacesPort {
  /** Replaces all of them. */
  show(places: readonly MarkedPlace[]): void;
}

/** An operation at work or waiting to be applied. */
export type OperationState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly name: OperationName; readonly share: number }
  | {
      readonly kind: 'preview';
      readonly name: OperationName;
      /** Voxels that would change. */
      readonly voxels: number;
      readonly note: string;
    }
  | { readonly kind: 'failed'; readonly name: OperationName; readonly sentence: string };

/** HU below the pointer with the pick tool: a sample for threshold tools. */
export interface Sample {
  readonly at: Ijk;
  readonly mean_hu: number;
  readonly sd_hu: number;
}

export interface ToolPort {
  select(tool: PointerTool): void;
  setOptions(options: Partial<ToolOptions>): void;
  setMask(mask: EditMask): void;
  /**
   * Runs an operation in the worker. With `preview` the result is shown and waits for `apply` or `dismiss`;
   * without it is applied at once. A newer call replaces the one at work.
   */
  run<N extends OperationName>(name: N, params: OperationParams[N], how: { readonly preview: boolean }): void;
  apply(): void;
  /** Stops what runs, or drops the preview. */
  dismiss(): void;
  readonly operation: OperationState;
  /** A glass under the pointer, until it is put away. */
  readonly magnifier: { show(isOn: boolean): void };
  onOperation(callback: (state: OperationState) => void): () => void;
  onSample(callback: (sample: Sample) => void): () => void;
  /** Why a tool did nothing, as a sentence; the plane shows it too. */
  onNotice(callback: (sentence: string) => void): () => void;
  readonly measuring: MeasurementPort;
  readonly places: PlacesPort;
  /** The voxel under the pointer, or where the crosshair is when the pointer is outside. */
  place(): Ijk;
  /** The plane under the pointer, else the one last used. */
  plane(): Plane;
  structureAt(index: Ijk): StructureRef | null;
  readonly shape: Triple;
}
