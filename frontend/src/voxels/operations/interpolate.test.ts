import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plane, Triple } from '../geometry';
import { type InterpolateParams, interpolate } from './interpolate';
import type { Region } from './operation';

const SIZE: Triple = [24, 22, 20];
const SPACING: Triple = [0.8, 1.1, 2];
const ONE = { layer: 0, value: 1 };
const TWO = { layer: 0, value: 2 };

type Value = (i: number, j: number, k: number) => number;

function labelsOf(valueAt: Value, size: Triple = SIZE): Uint8Array {
  const labels = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0, n = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) for (let i = 0; i < size[0]; i++) labels[n++] = valueAt(i, j, k);
  }
  return labels;
}

function regionOf(labels: readonly Uint8Array[], size: Triple = SIZE): Region {
  return { low: [0, 0, 0], size, spacing_mm: SPACING, labels, hu: null };
}

function run(labels: Uint8Array, params: Partial<InterpolateParams> = {}): Uint8Array {
  const all = { targets: [ONE], plane: 'auto' as const, ...params };
  return interpolate.run(regionOf([labels]), all, { report: () => undefined }).changes[0].values;
}

const disc = (i: number, j: number, ci: number, cj: number, radius_mm: number) =>
  Math.hypot((i - ci) * SPACING[0], (j - cj) * SPACING[1]) <= radius_mm;

describe('fill between slices', () => {
  it.each<Plane>(['axial', 'coronal', 'sagittal'])(
    'makes a prism whole, in the %s plane and by itself',
    (plane) => {
      const axis = { sagittal: 0, coronal: 1, axial: 2 }[plane];
      const isIn: Value = (i, j, k) => (i >= 4 && i <= 15 && j >= 5 && j <= 17 && k >= 3 && k <= 15 ? 1 : 0);
      const first = [4, 5, 3][axis];
      const last = [15, 17, 15][axis];
      const drawn = labelsOf((i, j, k) =>
        [first, first + 4, last].includes([i, j, k][axis]) ? isIn(i, j, k) : 0,
      );
      expect(run(drawn, { plane })).toEqual(labelsOf(isIn));
      expect(run(drawn)).toEqual(labelsOf(isIn));
    },
  );

  it('makes the discs between two discs as wide as lies between them', () => {
    const filled = run(
      labelsOf((i, j, k) =>
        (k === 2 && disc(i, j, 12, 11, 8)) || (k === 10 && disc(i, j, 12, 11, 4)) ? 1 : 0,
      ),
    );
    for (let k = 3; k < 10; k++) {
      const radius = 8 - (4 * (k - 2)) / 8;
      // The outline of a disc of voxels is known to about half a voxel.
      const inner = labelsOf((i, j, at) => (at === k && disc(i, j, 12, 11, radius - 0.8) ? 1 : 0));
      const outer = labelsOf((i, j, at) => (at === k && disc(i, j, 12, 11, radius + 0.8) ? 1 : 0));
      const slice = filled.map((value, n) => (Math.floor(n / (SIZE[0] * SIZE[1])) === k ? value : 0));
      expect(slice.every((value, n) => value >= inner[n] && value <= outer[n])).toBe(true);
    }
  });

  it('joins one part to two', () => {
    const filled = run(
      labelsOf((i, j, k) => {
        if (k === 4) return disc(i, j, 11, 11, 7) ? 1 : 0;
        return k === 12 && (disc(i, j, 4.5, 11, 2.6) || disc(i, j, 17.5, 11, 2.6)) ? 1 : 0;
      }),
    );
    const at = (i: number, k: number) => filled[i + SIZE[0] * (11 + SIZE[1] * k)];
    for (let k = 5; k < 12; k++) expect([at(5, k), at(17, k)]).toEqual([1, 1]);
    expect([at(11, 5), at(11, 11)]).toEqual([1, 0]);
  });

  it('follows a part that moves farther than it is wide', () => {
    const filled = run(
      labelsOf((i, j, k) =>
        (k === 4 && disc(i, j, 5, 6, 2.3)) || (k === 12 && disc(i, j, 17, 14, 2.3)) ? 1 : 0,
      ),
    );
    const sizes: number[] = [];
    for (let k = 5; k < 12; k++) {
      const slice = filled.subarray(k * SIZE[0] * SIZE[1], (k + 1) * SIZE[0] * SIZE[1]);
      sizes.push(slice.reduce((sum, value) => sum + value, 0));
      const [i, j] = [5 + (12 * (k - 4)) / 8, 6 + (8 * (k - 4)) / 8];
      expect(slice[Math.round(i) + SIZE[0] * Math.round(j)]).toBe(1);
    }
    const drawn = filled
      .subarray(4 * SIZE[0] * SIZE[1], 5 * SIZE[0] * SIZE[1])
      .reduce((sum, value) => sum + value, 0);
    for (const size of sizes) expect(Math.abs(size - drawn)).toBeLessThanOrEqual(0.4 * drawn);
  });

  it('leaves a part that ends and has no like near it', () => {
    const small: Triple = [40, 40, 9];
    const labels = labelsOf(
      (i, j, k) => ((k === 2 && i < 4 && j < 4) || (k === 4 && i > 34 && j > 34) ? 1 : 0),
      small,
    );
    const params = { targets: [ONE], plane: 'axial' as const };
    expect(interpolate.run(regionOf([labels], small), params, { report: () => undefined }).changes).toEqual(
      [],
    );
  });

  it('never changes a slice that was drawn, nor a voxel of another structure that is filled too', () => {
    const cell = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 6 * 5 * 7, maxLength: 210 }),
        fc.constantFrom(2, 3),
        (cells, every) => {
          const size: Triple = [6, 5, 7];
          const labels = Uint8Array.from(cells, (value, n) =>
            Math.floor(n / 30) % every === 0 ? value : value === 2 ? 2 : 0,
          );
          const params = { targets: [ONE, TWO], plane: 'axial' as const };
          fc.pre(labels.includes(1));
          const hasGap = [1, 2].some((value) => {
            const slices = [...Array(7).keys()].filter((k) =>
              labels.subarray(30 * k, 30 * k + 30).includes(value),
            );
            return slices.length > 1 && slices.length < slices[slices.length - 1] - slices[0] + 1;
          });
          fc.pre(hasGap);
          const { values } = interpolate.run(regionOf([labels], size), params, { report: () => undefined })
            .changes[0];
          labels.forEach((before, n) => {
            const slice = labels.subarray(30 * Math.floor(n / 30), 30 * Math.floor(n / 30) + 30);
            if (before === 1 || before === 2) expect(values[n]).toBe(before);
            else if (values[n] !== before) expect(slice.includes(values[n])).toBe(false);
          });
        },
      ),
    );
  });

  it('gives a voxel to the structure that has it deeper inside', () => {
    // Two halves that overlap by three columns on the way: 1 comes from the left, 2 from the right.
    const labels = labelsOf((i, _j, k) => {
      if (k === 2) return i < 14 ? 1 : 2;
      return k === 8 ? (i < 8 ? 1 : 2) : 0;
    });
    const filled = run(labels, { targets: [ONE, TWO] });
    for (let k = 3; k < 8; k++) {
      const row = [...filled.subarray(SIZE[0] * SIZE[1] * k, SIZE[0] * SIZE[1] * k + SIZE[0])];
      const border = 14 - (k - 2);
      expect(row.filter((value) => value === 0)).toEqual([]);
      expect(Math.abs(row.indexOf(2) - border)).toBeLessThanOrEqual(1);
    }
  });

  it('takes the plane with the sparsest annotation', () => {
    // Drawn in every second coronal slice; axial and sagittal slices have no gap.
    const labels = labelsOf((i, j, k) =>
      j % 2 === 0 && j > 3 && j < 17 && i > 4 && i < 15 && k > 3 && k < 15 ? 1 : 0,
    );
    const note = interpolate.run(
      regionOf([labels]),
      { targets: [ONE], plane: 'auto' },
      { report: () => undefined },
    ).note;
    expect(note).toBe('Filled 6 coronal slices.');
  });

  it('counts the slices that it filled, and says when what was drawn does not meet', () => {
    const asked = { targets: [ONE], plane: 'axial' } as const;
    const context = { report: () => undefined };
    // A small part that ends and another one that begins far from it; then two that meet.
    const apart = labelsOf((i, j, k) => ((i + j < 4 && k === 1) || (i + j > 34 && k === 4) ? 1 : 0));
    const nothing = interpolate.run(regionOf([apart]), asked, context);
    expect(nothing.changes).toEqual([]);
    expect(nothing.note).toBe(
      'Nothing was filled: what is drawn on both sides of the empty axial slices does not meet; draw in a slice between.',
    );
    const meets = labelsOf((i, j, k) =>
      (i + j < 4 && k === 1) || (i + j > 34 && (k === 4 || k === 6)) ? 1 : 0,
    );
    expect(interpolate.run(regionOf([meets]), asked, context).note).toBe('Filled 1 of 3 empty axial slices.');
  });

  it('needs the box of the structures and a voxel around it', () => {
    const about = {
      shape: SIZE,
      spacing_mm: SPACING,
      boundingBox: () => ({ low: [3, 0, 4], size: [5, 22, 6] }) as const,
    };
    const need = interpolate.needs({ targets: [ONE], plane: 'auto' }, about);
    expect(need).toEqual({ box: { low: [2, 0, 3], size: [7, 22, 8] }, hu: false });
    const empty = { ...about, boundingBox: () => null };
    expect(interpolate.needs({ targets: [ONE], plane: 'auto' }, empty).box).toBeNull();
  });

  it('says that there is nothing to fill', () => {
    const labels = labelsOf((_i, _j, k) => (k === 4 || k === 5 ? 1 : 0));
    expect(() => run(labels)).toThrow('no slice is empty between annotated slices');
    expect(() => run(labels, { plane: 'axial' })).toThrow('no axial slice is empty');
    expect(() => run(labels, { targets: [] })).toThrow('No structure is chosen');
  });
});
