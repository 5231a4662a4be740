/** Which panes a layout shows, and where. */
import type { Layout, Pane } from '../../../viewer';
import { PLANES, type Plane } from '../../../voxels';

export const LAYOUT_NAMES: Readonly<Record<Layout, string>> = {
  large_axial: 'Large axial, two beside',
  three_and_volume: 'Three planes and 3-D',
  large_sagittal: 'Large sagittal, two beside',
  large_coronal: 'Large coronal, two beside',
  single: 'One pane',
};

/** Places of the grid: `a` is the large one, or the first of four. */
export type Place = 'a' | 'b' | 'c' | 'd' | 'all';

const PLACES: Readonly<Record<Exclude<Layout, 'single'>, Readonly<Partial<Record<Pane, Place>>>>> = {
  large_axial: { axial: 'a', sagittal: 'b', coronal: 'c' },
  large_sagittal: { sagittal: 'a', axial: 'b', coronal: 'c' },
  large_coronal: { coronal: 'a', axial: 'b', sagittal: 'c' },
  three_and_volume: { axial: 'a', sagittal: 'b', coronal: 'c', volume: 'd' },
};

/**
 * Where a pane stands; null where the layout does not show it. A maximised pane covers the others. A plane that has a
 * second one beside it has the left half to itself.
 */
export function placeOf(
  pane: Pane,
  layout: Layout,
  single: Pane,
  maximised: Pane | null,
  beside: Plane | null = null,
): Place | null {
  if (pane === maximised || (beside === null && layout === 'single' && pane === single)) {
    return 'all';
  }
  if (beside !== null) {
    return pane === beside ? 'a' : null;
  }
  return layout === 'single' ? null : (PLACES[layout][pane] ?? null);
}

/** The plane that a layout is made for: the large one, or the first. */
export function mainPlane(layout: Layout, single: Pane): Plane {
  if (layout === 'single') {
    return single === 'volume' ? 'axial' : single;
  }
  return PLANES.find((plane) => PLACES[layout][plane] === 'a') ?? 'axial';
}

/** Planes that the reader sees; one over all hides the others. */
export function seenPlanes(
  layout: Layout,
  single: Pane,
  maximised: Pane | null,
  beside: Plane | null,
): readonly Plane[] {
  const placed = PLANES.filter((plane) => placeOf(plane, layout, single, maximised, beside) !== null);
  return maximised === null ? placed : placed.filter((plane) => plane === maximised);
}
