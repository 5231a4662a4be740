import { expect, test } from 'vitest';
import type { StructureView } from './port';
import { layerStyles } from './styles';

const LIVER: StructureView = {
  layer: 0,
  value: 3,
  name: 'liver',
  colour: '#804020',
  visible: true,
  locked: false,
};
const HALF_OPAQUE = 0x80204080;

function styleOf(change: Partial<StructureView>) {
  const [style] = layerStyles([{ ...LIVER, opacity: 128 / 255, ...change }], 1);
  return style === undefined ? expect.fail() : { fill: style.fill[3], outlined: style.outlined[3], style };
}

test.each([
  ['both', HALF_OPAQUE, 1],
  ['outline', 0, 1],
  ['fill', HALF_OPAQUE, 0],
  [undefined, HALF_OPAQUE, 1],
] as const)('drawn as %s', (drawing, fill, outlined) => {
  expect(styleOf(drawing === undefined ? {} : { drawing })).toMatchObject({ fill, outlined });
});

test('what was added against another mask is filled in every style', () => {
  expect(styleOf({ drawing: 'outline' }).style.added[3]).not.toBe(0);
});

test('a hidden structure has neither', () => {
  expect(styleOf({ visible: false })).toMatchObject({ fill: 0, outlined: 0 });
});
