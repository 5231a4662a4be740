/** Which voxels an edit may change, besides locked structures. */
import type { Box } from './box';
import type { Plane } from './geometry';

export interface StructureRef {
  readonly layer: number;
  readonly value: number;
}

export interface EditMask {
  /** `inside` and `outside` are meant of `structures`; `background` is every voxel without a structure. */
  readonly area: 'anywhere' | 'inside' | 'outside' | 'background';
  readonly structures: readonly StructureRef[];
  /** Inclusive range of Hounsfield units; null for any. */
  readonly hu: readonly [number, number] | null;
  /** Inclusive range of slices of one plane; null for all. */
  readonly slices: { readonly plane: Plane; readonly first: number; readonly last: number } | null;
  /** Voxels outside never change: all that is asked for. The engine's own, which no reader sets. */
  readonly bounds?: Box | null;
}

export const NO_MASK: EditMask = { area: 'anywhere', structures: [], hu: null, slices: null };
