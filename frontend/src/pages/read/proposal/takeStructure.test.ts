import { expect, test } from 'vitest';
import { EditEngine, LabelMap, type Triple } from '../../../voxels';
import { structureOf } from './takeStructure';

const SHAPE: Triple = [6, 5, 3];
const LIVER = 1;
const SPLEEN = 2;
const KIDNEY = 3;
const TARGET = { layer: 0, value: LIVER };

function masks(): { mask: LabelMap; proposed: LabelMap } {
  const mask = LabelMap.empty(SHAPE, 1);
  mask.layerVoxels(0).set([LIVER, LIVER, SPLEEN, KIDNEY, 255, 0], 30);
  const proposed = LabelMap.empty(SHAPE, 1);
  proposed.layerVoxels(0).set([0, LIVER, LIVER, 0, LIVER, LIVER], 30);
  return { mask, proposed };
}

test('the structure becomes as it is proposed, and other structures stay', () => {
  const { mask, proposed } = masks();
  const engine = new EditEngine(mask, [1, 1, 1]);
  const edit = structureOf(mask, proposed, TARGET);
  const record = edit && engine.apply(edit);
  expect(record?.tool).toBe('take_proposal');
  expect([...mask.layerVoxels(0).slice(30, 36)]).toEqual([0, LIVER, SPLEEN, KIDNEY, LIVER, LIVER]);
  engine.undo();
  expect([...mask.layerVoxels(0).slice(30, 36)]).toEqual([LIVER, LIVER, SPLEEN, KIDNEY, 255, 0]);
});

test('a locked structure is not changed', () => {
  const { mask, proposed } = masks();
  const engine = new EditEngine(mask, [1, 1, 1]);
  engine.setLocked(0, LIVER, true);
  const edit = structureOf(mask, proposed, TARGET);
  expect(edit && engine.apply(edit)).toBeNull();
});

test('what neither mask has cannot be taken', () => {
  const empty = LabelMap.empty(SHAPE, 1);
  expect(structureOf(empty, empty.copy(), TARGET)).toBeNull();
});
