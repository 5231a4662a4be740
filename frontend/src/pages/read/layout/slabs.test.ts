import { expect, test } from 'vitest';
import type { Projection } from '../../../viewer';
import { nextSlab } from './slabs';

test('a key goes through all kinds of a slab and back to slices', () => {
  const seen: (Projection | null)[] = [];
  for (let slab = nextSlab(null); slab !== null; slab = nextSlab(slab)) seen.push(slab);
  expect(seen).toEqual(['maximum', 'minimum', 'mean']);
});
