import { expect, test } from 'vitest';
import type { Structure } from '../../../api';
import { NO_MASK } from '../../../voxels';
import { paintWords } from './paintWords';

const STRUCTURES = ['Liver', 'Spleen', 'Aorta'].map(
  (name, at): Structure => ({
    key: name.toLowerCase(),
    name,
    layer: 0,
    value: at + 1,
    colour: '#00ff00',
    tolerance_mm: 3,
    side: '',
  }),
);
const refs = STRUCTURES.map(({ layer, value }) => ({ layer, value }));

test('no limit says nothing', () => expect(paintWords(NO_MASK, STRUCTURES)).toBeNull());

test('limits are named, many structures counted', () => {
  const inside = { ...NO_MASK, area: 'inside' as const, structures: refs.slice(1, 2) };
  expect(paintWords(inside, STRUCTURES)).toBe('only inside Spleen');
  expect(paintWords({ ...inside, area: 'outside', structures: refs }, STRUCTURES)).toBe(
    'only outside 3 structures',
  );
});

test('range of HU and slices stand beside the area', () => {
  const mask = {
    area: 'background' as const,
    structures: [],
    hu: [-50, 200] as const,
    slices: { plane: 'axial' as const, first: 4, last: 4 },
  };
  expect(paintWords(mask, STRUCTURES)).toBe('only where nothing is drawn · HU −50…200 · axial slice 4');
});

test('a structure that is still to be chosen is asked for', () => {
  const words = (area: 'inside' | 'outside') => paintWords({ ...NO_MASK, area, structures: [] }, []);
  expect([words('inside'), words('outside')]).toEqual([
    'only inside … (choose structures)',
    'only outside … (choose structures)',
  ]);
});
