import { describe, expect, it } from 'vitest';
import { copyWords, headerRows, spacingWords } from './words';

describe('what is kept of a scan', () => {
  it('has names and units, in a fixed order', () => {
    const header = {
      contrast_agent: true,
      kvp: 120,
      pixel_spacing_mm: [0.7, 0.7],
      manufacturer: 'GE',
      odd_one: 1,
    };
    expect(headerRows(header)).toEqual([
      ['Manufacturer', 'GE'],
      ['Tube voltage', '120 kV'],
      ['Pixel spacing', '0.7 × 0.7 mm'],
      ['Contrast agent', 'yes'],
      ['odd one', '1'],
    ]);
  });

  it('does not make up a spacing', () => {
    expect(spacingWords({ spacing_mm: [1, 1, 1], spacing_known: false })).toBe('not known');
    expect(spacingWords({ spacing_mm: [0.70312, 0.70312, 2], spacing_known: true })).toBe(
      '0.703 × 0.703 × 2 mm',
    );
  });

  it('says nothing of other projects but that there is a copy', () => {
    const copy = { number: null, split: null, same_slices: 1, same_look: 0.9, certain: true };
    expect(copyWords(copy)).toBe(
      'a case of another project: 100 % of the slices are the same; a certain copy, which shares its split',
    );
    expect(copyWords({ ...copy, number: 4, split: 'test', same_slices: 0.25, certain: false })).toBe(
      'case 4 (test): 25 % of the slices are the same',
    );
    expect(copyWords({ ...copy, same_slices: 0, same_look: 0.912, certain: false })).toBe(
      'a case of another project: no slice is the same, but the body looks alike (correlation 0.91)',
    );
  });
});
