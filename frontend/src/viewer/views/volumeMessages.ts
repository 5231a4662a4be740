/** What the page and the worker that draws the 3-D view send each other. */
import type { Surface, Triple } from '../../voxels';

export interface Look {
  /** From millimetres to clip space, column by column. */
  readonly clip: Float32Array;
  /** Unit vector towards the reader. */
  readonly towards: Triple;
}

export interface Lines {
  /** Pairs of points, millimetres. */
  readonly points: Float32Array;
  readonly colour: Triple;
}

/** Everything that is drawn besides surfaces. */
export interface Frame {
  readonly look: Look;
  readonly lines: readonly Lines[];
  /** Size of the canvas in its own pixels. */
  readonly width: number;
  readonly height: number;
}

export type VolumeRequest =
  | { readonly kind: 'start'; readonly canvas: OffscreenCanvas }
  | { readonly kind: 'show'; readonly key: string; readonly surface: Surface; readonly colour: string }
  | { readonly kind: 'hide'; readonly key: string }
  | { readonly kind: 'colour'; readonly key: string; readonly colour: string }
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** The look is narrowed to one pixel. */
  | { readonly kind: 'pick'; readonly id: number; readonly look: Look };

export type VolumeAnswer =
  | { readonly kind: 'failed'; readonly sentence: string }
  /** The graphics card has dropped everything it was given, surfaces too. */
  | { readonly kind: 'lost' }
  /** It can draw again, and has no surfaces. */
  | { readonly kind: 'restored' }
  | { readonly kind: 'picked'; readonly id: number; readonly depth: number | null };
