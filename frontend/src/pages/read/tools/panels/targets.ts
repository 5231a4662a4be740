/** Which structures an operation is about, from what the reader has set up. */
import type { Structure } from '../../../../api';
import type { StructureRef } from '../../../../voxels';
import { isShown, type ReadState } from '../../readStore';

export const NO_ACTIVE = 'Choose a structure first.';

export function refOf({ layer, value }: Structure): StructureRef {
  return { layer, value };
}

type Drawn = Pick<ReadState, 'structures' | 'hidden' | 'solo' | 'port'>;

/** Visible structures that have voxels. */
export function visibleDrawn({ structures, hidden, solo, port }: Drawn): readonly Structure[] {
  return structures.filter(
    ({ key, layer, value }) =>
      isShown({ hidden, solo }, key) && (port?.engine.voxelCount(layer, value) ?? 0) > 0,
  );
}

/** Structures of the same layer that are empty: room for parts that are split off. */
export function emptyBeside(target: Structure, { structures, port }: Drawn): readonly Structure[] {
  return structures.filter(
    ({ key, layer, value }) =>
      key !== target.key && layer === target.layer && port?.engine.voxelCount(layer, value) === 0,
  );
}

/** The same structure of the other side: `kidney_left` for `kidney_right`. */
export function otherSide(structure: Structure, structures: readonly Structure[]): Structure | undefined {
  const key = structure.key.replace(/_(left|right)$/, (_, side) => (side === 'left' ? '_right' : '_left'));
  return key === structure.key ? undefined : structures.find((one) => one.key === key);
}
