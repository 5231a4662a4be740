/** Where the reader was in a case that is opened again at another revision. */

import type { Ijk } from '../../../voxels';
import { useRead } from '../readStore';

let kept: { readonly assignment: number; readonly place: Ijk } | null = null;

export function keepPlace(assignment: number): void {
  const place = useRead.getState().port?.views.crosshair;
  kept = place === undefined ? null : { assignment, place };
}

export function takePlace(assignment: number): Ijk | null {
  const found = kept?.assignment === assignment ? kept.place : null;
  kept = null;
  return found;
}
