import { expect, it } from 'vitest';
import { GLASS_PX, glassAt } from './magnifier';

it('what is below the pointer is in the middle of the glass, 2.5 times as large', () => {
  const { from, to } = glassAt({ x: 300, y: 200 });
  expect(to).toEqual({ x: 300 - GLASS_PX, y: 200 - GLASS_PX, size: 2 * GLASS_PX });
  expect([from.x + from.size / 2, from.y + from.size / 2]).toEqual([300, 200]);
  expect(to.size / from.size).toBeCloseTo(2.5);
});
