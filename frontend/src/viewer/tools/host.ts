/** What tools need of the viewer: the scan, the mask, the panes, and a few calls. */
import type { Ijk } from '../../voxels';
import type { PlaneFrame, PlaneView, ScreenPoint } from '../planeFrame';

/** A plane on the page, as far as a gesture needs it. */
export interface ToolPane {
  readonly frame: PlaneFrame;
  readonly view: PlaneView;
  readonly slice: number;
  /** The point of the shown slice under a point of the pane; it may lie outside the scan. */
  indexAt(point: ScreenPoint): Ijk;
  /** The nearest voxel of the scan. */
  voxelAt(point: ScreenPoint): Ijk;
  isOnScan(point: ScreenPoint): boolean;
  pan(dx: number, dy: number): void;
  zoom(factor: number, about: ScreenPoint): void;
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
