/** One structure as a newer prediction has it: proposed to the engine, which holds it to the locks and can undo it. */

import {
  BACKGROUND,
  IGNORE,
  type LabelMap,
  type ProposedEdit,
  type StructureRef,
  union,
} from '../../../voxels';

/**
 * What the mask becomes where the structure decides: it has the voxels that it has in `proposed` and that are free or
 * its own already, and no others. Voxels of other structures stay. Null where neither mask has it.
 */
export function structureOf(mask: LabelMap, proposed: LabelMap, target: StructureRef): ProposedEdit | null {
  const { layer, value } = target;
  const own = mask.boundingBox(layer, value);
  const other = proposed.boundingBox(layer, value);
  const box = own === null || other === null ? (own ?? other) : union(own, other);
  if (box === null) {
    return null;
  }
  const values = mask.cut(layer, box);
  const wanted = proposed.cut(layer, box);
  for (let at = 0; at < values.length; at++) {
    const before = values[at];
    const isFree = before === BACKGROUND || before === IGNORE || before === value;
    if (isFree && wanted[at] === value) {
      values[at] = value;
    } else if (before === value) {
      values[at] = BACKGROUND;
    }
  }
  return { tool: 'take_proposal', target, changes: [{ layer, box, values }] };
}
