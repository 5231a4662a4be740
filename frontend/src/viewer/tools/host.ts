/** What tools need of the viewer and of the page's panes; narrow, so that gestures are tested without either. */
import type { Box, EditEngine, Ijk, LabelMap, StrokeRecord, StructureRef, Triple } from '../../voxels';
import type { PlaneFrame, PlaneView, ScreenPoint } from '../planeFrame';
import type { Brush, VoiWindow } from '../port';
import type { ToolOptions } from './port';

/** A plane on the page, as far as a gesture needs it. */
export interface ToolPane {
  readonly frame: PlaneFrame;
  readonly view: PlaneView;
  readonly slice: number;
  /** How the plane is turned, degrees about each axis of the scan; zeros: not at all. */
  readonly degrees: Triple;
  /** Where a point of the scan lies on the pane. */
  screenOf(index: Ijk): ScreenPoint;
  /** The point of the shown slice under a point of the pane; it may lie outside the scan. */
  indexAt(point: ScreenPoint): Ijk;
  /** The nearest voxel of the scan. */
  voxelAt(point: ScreenPoint): Ijk;
  isOnScan(point: ScreenPoint): boolean;
  pan(dx: number, dy: number): void;
  zoom(factor: number, about: ScreenPoint): void;
}

/** The scan, slice by slice; a slice that has not come in full is coarser than it should be. */
export interface ToolImage {
  readonly shape: Triple;
  readonly slices: readonly Int16Array[];
  isFull(k: number): boolean;
}

export interface ToolHost {
  readonly engine: EditEngine;
  readonly image: ToolImage;
  readonly spacing_mm: Triple;
  readonly prediction: LabelMap | null;
  readonly options: ToolOptions;
  readonly brush: Brush;
  readonly window: VoiWindow;
  readonly active: StructureRef;
  /** Why nothing can be drawn now, as a sentence; empty where it can. */
  readonly refusal: string;
  setWindow(window: VoiWindow): void;
  /** Moves the crosshair; the planes other than `from` follow. */
  moveCrosshair(index: Ijk, from: ToolPane): void;
  crosshair(): Ijk;
  /** Turns all planes, degrees about each axis of the scan. */
  turn(degrees: Triple): void;
  /** Voxels of the box were written: planes that show them draw again. */
  edited(box: Box): void;
  /** Edited voxels of a stroke that is done. */
  strokeEnded(record: StrokeRecord): void;
  /** What is left there is done right after the pointer's event, and before anything else that changes the mask. */
  readonly afterwards: { leave(work: () => void): void };
  /** Many voxels may have changed: every plane draws again. */
  redraw(): void;
  /** Lines that tools draw have changed. */
  sketched(): void;
  /** Tells the reader why something was not done. */
  say(sentence: string): void;
}

/** What a drag with the pointer does. One gesture lives from pointer down to pointer up. */
export interface Gesture {
  move(point: ScreenPoint): void;
  end(): void;
  /** The pointer was taken away: undo what was not finished. */
  cancel(): void;
}

export interface PointerStart {
  readonly button: number;
  readonly shift: boolean;
}
