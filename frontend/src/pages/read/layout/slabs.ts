/** What a thick slab is called, and in which order a key goes through its kinds. */
import { PROJECTIONS, type Projection } from '../../../viewer';

export const SLAB_NAMES: Readonly<Record<Projection, string>> = {
  maximum: 'MIP',
  minimum: 'MinIP',
  mean: 'Mean',
};

export const THINNEST_MM = 2;
export const THICKEST_MM = 50;

/** The next kind; after the last one, none. */
export function nextSlab(slab: Projection | null): Projection | null {
  return slab === null ? PROJECTIONS[0] : (PROJECTIONS[PROJECTIONS.indexOf(slab) + 1] ?? null);
}
