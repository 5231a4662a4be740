/** The island of a structure at a voxel. */
import type { StructureRef } from '../../editMask';
import type { Triple } from '../../geometry';
import { BACKGROUND } from '../../labelMap';
import { OperationRefused, type Proposal, type Region } from '../operation';
import { Components, type Connectivity } from './components';
import { labelsFor, labelsWith, placeOf } from './labels';

/** Number of the island; refuses a voxel that is not of the structure. */
export function islandAt(region: Region, found: Components, at: Triple): number {
  const place = placeOf(region, at);
  const island = place < 0 ? -1 : found.componentAt(place);
  if (island < 0) throw new OperationRefused('The structure is not there; point at one of its islands.');
  return island;
}

/** Gives the island to another structure; with `keeps`, one of another layer has it as well. */
export function moveIsland(
  region: Region,
  at: Triple,
  from: StructureRef,
  to: StructureRef,
  connectivity: Connectivity,
  keeps = false,
): Proposal['changes'] {
  const labels = labelsWith(region, from);
  const found = new Components(labels, from.value, region.size, connectivity);
  const chosen = islandAt(region, found, at);
  const painted = (before: Uint8Array, value: number) => {
    const values = before.slice();
    found.paint(values, (island) => (island === chosen ? value : null));
    return values;
  };
  const target = labelsFor(region, to);
  if (from.layer === to.layer) return [{ layer: to.layer, values: painted(target, to.value) }];
  const gained = { layer: to.layer, values: painted(target, to.value) };
  return keeps ? [gained] : [{ layer: from.layer, values: painted(labels, BACKGROUND) }, gained];
}
