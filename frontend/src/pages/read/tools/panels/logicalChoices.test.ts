import { expect, test } from 'vitest';
import type { Structure } from '../../../../api';
import { logicalChoices } from './logicalChoices';

function structure(key: string, layer: number): Structure {
  return { key, name: key, layer, value: 1, colour: '#ffffff', tolerance_mm: 1, side: '' };
}

const LIVER = structure('liver', 0);
const SPLEEN = structure('spleen', 0);
const TUMOUR = structure('tumour', 1);

test('where all lie on one layer, nothing is offered that needs an overlap', () => {
  const { action, choices, others } = logicalChoices('subtract', LIVER, [LIVER, SPLEEN]);
  expect(action).toBe('add');
  expect(Object.keys(choices)).toEqual(['add', 'copy', 'invert', 'clear']);
  expect(others).toEqual([SPLEEN]);
});

test('with another layer all is offered; what needs an overlap, with structures of that layer', () => {
  const all = [LIVER, SPLEEN, TUMOUR];
  expect(logicalChoices('subtract', LIVER, all)).toMatchObject({ action: 'subtract', others: [TUMOUR] });
  expect(logicalChoices('add', LIVER, all).others).toEqual([SPLEEN, TUMOUR]);
  expect(logicalChoices('intersect', TUMOUR, all).others).toEqual([LIVER, SPLEEN]);
});
