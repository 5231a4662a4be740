import type { Structure } from '../../../api';
import { ijk } from '../../../voxels';
import { useRead } from '../readStore';

/** Moves all planes to the middle of a structure's box; does nothing where it has no voxel. */
export function goToStructure(structure: Structure | null): void {
  const { port } = useRead.getState();
  if (structure === null || port === null) {
    return;
  }
  const box = port.engine.map.boundingBox(structure.layer, structure.value);
  if (box !== null) {
    const [i, j, k] = box.low.map((low, axis) => low + Math.floor(((box.size[axis] ?? 1) - 1) / 2));
    port.goTo(ijk(i ?? 0, j ?? 0, k ?? 0));
  }
}
