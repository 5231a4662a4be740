import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLANE_AXIS, type Plane, type Triple } from '../geometry';
import { type FloodParams, floodFill } from './floodFill';
import type { About, Proposal, Region } from './operation';

const SPACING: Triple = [0.8, 1, 2.5];
const TARGET = { layer: 0, value: 7 };

interface Scan {
  readonly shape: Triple;
  readonly hu: Int16Array;
}

/** Cuts the box that the operation asks for out of the scan and runs it there; labels start as background. */
function fill({ shape, hu }: Scan, params: FloodParams): { filled: Set<string>; proposal: Proposal } {
  const about: About = { shape, spacing_mm: SPACING, boundingBox: () => null };
  const { box } = floodFill.needs(params, about);
  if (box === null) throw new Error('A flood always has a box.');
  const [ni, nj, nk] = box.size;
  const cut = new Int16Array(ni * nj * nk);
  const places: string[] = [];
  for (let n = 0; n < cut.length; n++) {
    const at = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))].map(
      (v, axis) => v + box.low[axis],
    );
    cut[n] = hu[at[0] + shape[0] * (at[1] + shape[1] * at[2])];
    places.push(at.join());
  }
  const region: Region = { ...box, spacing_mm: SPACING, labels: [new Uint8Array(cut.length)], hu: cut };
  const proposal = floodFill.run(region, params, { report: () => undefined });
  const { values } = proposal.changes[0];
  return { filled: new Set(places.filter((_, n) => values[n] === TARGET.value)), proposal };
}

/** All voxels reached over faces, one by one. */
function expected({ shape, hu }: Scan, params: FloodParams, low: number, high: number): Set<string> {
  const { at, plane, max_mm } = params;
  const accepts = (voxel: Triple) => {
    if (!voxel.every((v, a) => v >= 0 && v < shape[a])) return false;
    const value = hu[voxel[0] + shape[0] * (voxel[1] + shape[1] * voxel[2])];
    return (
      value >= low && value <= high && Math.hypot(...voxel.map((v, a) => (v - at[a]) * SPACING[a])) <= max_mm
    );
  };
  const steps = [0, 1, 2]
    .filter((axis) => plane === null || axis !== PLANE_AXIS[plane])
    .flatMap((axis) => [-1, 1].map((by) => [0, 1, 2].map((a) => (a === axis ? by : 0))));
  const found = new Map<string, Triple>([[at.join(), at]]);
  for (const voxel of found.values()) {
    for (const step of steps) {
      const next = voxel.map((v, a) => v + step[a]) as unknown as Triple;
      if (accepts(next)) found.set(next.join(), next);
    }
  }
  return new Set(found.keys());
}

const PARAMS: FloodParams = {
  target: TARGET,
  at: [5, 5, 5],
  accept: { tolerance_hu: 10 },
  sample_voxels: 0,
  plane: null,
  max_mm: 100,
};

function blockScan(isInside: (i: number, j: number, k: number) => boolean): Scan {
  const shape: Triple = [11, 12, 10];
  const hu = new Int16Array(shape[0] * shape[1] * shape[2]);
  for (let k = 0, n = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++) hu[n++] = isInside(i, j, k) ? 50 : -800;
  }
  return { shape, hu };
}

describe('flood fill', () => {
  it('reaches exactly what steps over faces within the range and the limit reach', () => {
    const shape: Triple = [7, 6, 5];
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 210, maxLength: 210 }),
        fc.tuple(fc.nat(6), fc.nat(5), fc.nat(4)),
        fc.constantFrom<Plane | null>(null, 'axial', 'coronal', 'sagittal'),
        fc.constantFrom(1.2, 3.1, 4.9, 60),
        fc.nat(2),
        (values, at, plane, max_mm, tolerance_hu) => {
          const scan = { shape, hu: Int16Array.from(values) };
          const params = { ...PARAMS, at, plane, max_mm, accept: { tolerance_hu } };
          const clicked = values[at[0] + 7 * (at[1] + 6 * at[2])];
          const wanted = expected(scan, params, clicked - tolerance_hu, clicked + tolerance_hu);
          const { filled, proposal } = fill(scan, params);
          expect(filled).toEqual(wanted);
          // It says so exactly where a limit kept it from going on.
          const farther = expected(
            scan,
            { ...params, max_mm: 1e6 },
            clicked - tolerance_hu,
            clicked + tolerance_hu,
          );
          expect(proposal.note !== undefined).toBe(farther.size > wanted.size);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('takes the mean around the click as the middle of the range, and always the voxel clicked', () => {
    const { shape, hu } = blockScan(() => true);
    const noisy = hu.slice();
    noisy[5 + 11 * (5 + 12 * 5)] = 131;
    expect(fill({ shape, hu: noisy }, PARAMS).filled.size).toBe(1);
    // The mean of 27 voxels is 53; 131 is far from it but was clicked.
    expect(fill({ shape, hu: noisy }, { ...PARAMS, sample_voxels: 1 }).filled.size).toBe(11 * 12 * 10);
  });

  it('fills a range of HU that was given', () => {
    const scan = blockScan((i) => i > 3);
    expect(fill(scan, { ...PARAMS, accept: { range: [40, 60] } }).filled.size).toBe(7 * 12 * 10);
    expect(() => fill(scan, { ...PARAMS, accept: { range: [100, 200] } })).toThrow(
      'The voxel clicked has 50 HU',
    );
    expect(() => fill(scan, { ...PARAMS, accept: { range: [60, 40] } })).toThrow('is empty');
  });

  it('says that it reached its limit, and not where only the scan ends', () => {
    const scan = blockScan(() => true);
    expect(fill(scan, { ...PARAMS, max_mm: 3 }).proposal.note).toMatch('reached its limit');
    expect(fill(scan, PARAMS).proposal.note).toBeUndefined();
  });

  it.each<[Partial<FloodParams>, string]>([
    [{ at: [11, 0, 0] }, 'The click lies outside the scan'],
    [{ at: [1.5, 0, 0] }, 'The click lies outside the scan'],
    [{ max_mm: 0 }, 'a limit of more than 0'],
    [{ accept: { tolerance_hu: -1 } }, 'The tolerance must be 0 HU or more'],
    [{ target: { layer: 0, value: 0 } }, 'No structure is chosen'],
  ])('refuses %j', (change, sentence) => {
    expect(() =>
      fill(
        blockScan(() => true),
        { ...PARAMS, ...change },
      ),
    ).toThrow(sentence);
  });
});
