import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../geometry';
import { COST_PER_HU, type GrowParams, grow, MOST_GROW_VOXELS } from './grow';
import { BucketQueue } from './growQueue';
import type { About, Region } from './operation';

const PARAMS: GrowParams = {
  seeds: [
    { layer: 0, value: 1 },
    { layer: 0, value: 2 },
  ],
  background: false,
  box: null,
  margin_mm: 0,
  locality: 0,
  islands_below_voxels: 0,
};
const SPACING: Triple = [0.8, 1, 2.5];

function regionOf(size: Triple, hu: ArrayLike<number>, ...labels: readonly ArrayLike<number>[]): Region {
  return {
    low: [0, 0, 0],
    size,
    spacing_mm: SPACING,
    labels: labels.map((layer) => Uint8Array.from(layer)),
    hu: Int16Array.from(hu),
  };
}

function run(region: Region, params: Partial<GrowParams> = {}, shares: number[] = []): Uint8Array[] {
  const changes = grow.run(
    region,
    { ...PARAMS, ...params },
    { report: (share) => shares.push(share) },
  ).changes;
  return region.labels.map((labels, layer) => changes.find((c) => c.layer === layer)?.values ?? labels);
}

/** Costs of the paths from some voxels to all others, by relaxing every step until none gets cheaper. */
function costsFrom(
  region: Region,
  starts: readonly number[],
  isWall: (voxel: number) => boolean,
  locality: number,
) {
  const [ni, nj, nk] = region.size;
  const hu = region.hu as Int16Array;
  const costs = Float64Array.from(hu, () => Number.POSITIVE_INFINITY);
  for (const start of starts) costs[start] = 0;
  const place = (voxel: number) => [voxel % ni, Math.floor(voxel / ni) % nj, Math.floor(voxel / (ni * nj))];
  const stepCost = (a: number, b: number) => {
    const gap = place(a).map((v, axis) => Math.abs(v - place(b)[axis]));
    if (Math.max(...gap) > 1) return Number.POSITIVE_INFINITY;
    const mm = Math.hypot(...gap.map((v, axis) => v * SPACING[axis]));
    return Math.abs(hu[a] - hu[b]) * COST_PER_HU + Math.max(1, Math.round(locality * mm * COST_PER_HU));
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let a = 0; a < ni * nj * nk; a++) {
      for (let b = 0; b < ni * nj * nk; b++) {
        if (a === b || isWall(a) || isWall(b) || costs[a] + stepCost(a, b) >= costs[b]) continue;
        costs[b] = costs[a] + stepCost(a, b);
        changed = true;
      }
    }
  }
  return costs;
}

const SIZE: Triple = [4, 3, 3];
const values = (largest: number) => fc.array(fc.nat(largest), { minLength: 36, maxLength: 36 });
const label = fc.array(fc.constantFrom(0, 0, 0, 0, 0, 255, 1, 2, 3), { minLength: 36, maxLength: 36 });

describe('grow from seeds', () => {
  it('gives every voxel to a seed with the cheapest path to it', () => {
    fc.assert(
      fc.property(values(6), label, fc.constantFrom(0, 0.4, 3), (hu, labels, locality) => {
        fc.pre(labels.includes(1) && labels.includes(2));
        const region = regionOf(SIZE, hu, labels);
        const [grown] = run(region, { locality });
        const isWall = (voxel: number) => labels[voxel] === 3;
        const starts = (value: number) => labels.flatMap((l, voxel) => (l === value ? [voxel] : []));
        const [one, two] = [1, 2].map((value) => costsFrom(region, starts(value), isWall, locality));
        labels.forEach((before, voxel) => {
          const least = Math.min(one[voxel], two[voxel]);
          if (before >= 1 && before <= 3) expect(grown[voxel]).toBe(before);
          else if (least === Number.POSITIVE_INFINITY) expect(grown[voxel]).toBe(before);
          else expect((grown[voxel] === 1 ? one : two)[voxel]).toBe(least);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('divides at an edge of the image, wherever the seeds lie', () => {
    const size: Triple = [12, 5, 4];
    const cells = Array.from({ length: 240 }, (_, n) => n % 12);
    const hu = cells.map((i) => (i < 8 ? 40 : 90));
    const labels = cells.map((_i, n) => (n === 0 ? 1 : n === 239 ? 2 : 0));
    const [grown] = run(regionOf(size, hu, labels));
    expect([...grown]).toEqual(cells.map((i) => (i < 8 ? 1 : 2)));
  });

  it('divides half way where the image is the same everywhere', () => {
    const labels = Array.from({ length: 9 }, (_, i) => (i === 0 ? 1 : i === 8 ? 2 : 0));
    const [grown] = run(regionOf([9, 1, 1], new Array(9).fill(0), labels));
    expect([...grown.slice(0, 4), ...grown.slice(5)]).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  });

  it('stays nearer to its seeds the dearer a mm is', () => {
    // A tissue like that of seed 1 begins one step from seed 2.
    const hu = [0, 0, 0, 0, 0, 0, 0, 30, 30];
    const labels = [1, 0, 0, 0, 0, 0, 0, 0, 2];
    const count = (locality: number) => run(regionOf([9, 1, 1], hu, labels), { locality })[0].indexOf(2);
    expect(count(0)).toBe(7);
    expect(count(100)).toBeLessThanOrEqual(5);
  });

  it('grows the background from the sides of the box, and not from a side that a seed touches', () => {
    const size: Triple = [7, 7, 7];
    const place = (i: number, j: number, k: number) => i + 7 * (j + 7 * k);
    const hu = new Array(343).fill(-50);
    const labels = new Array(343).fill(0);
    for (let k = 0; k < 5; k++)
      for (let j = 2; j < 5; j++) for (let i = 2; i < 5; i++) hu[place(i, j, k)] = 100;
    labels[place(3, 3, 0)] = 1;
    const [grown] = run(regionOf(size, hu, labels), { seeds: [{ layer: 0, value: 1 }], background: true });
    expect([...grown]).toEqual(hu.map((value) => (value === 100 ? 1 : 0)));
  });

  it('never changes what is labelled already, in any layer', () => {
    fc.assert(
      fc.property(values(3), label, label, fc.boolean(), (hu, first, second, background) => {
        fc.pre(first.includes(1) && second.some((value, n) => value === 2 && first[n] !== 1));
        const seeds = [
          { layer: 0, value: 1 },
          { layer: 1, value: 2 },
        ];
        const region = regionOf(SIZE, hu, first, second);
        const grown = run(region, { seeds, background, islands_below_voxels: 5 });
        [first, second].forEach((before, layer) => {
          before.forEach((value, n) => {
            if (value >= 1 && value <= 3) expect(grown[layer][n]).toBe(value);
            else expect([value, layer + 1]).toContain(grown[layer][n]);
          });
        });
      }),
    );
  });

  it('gives a piece that hangs on its structure by a corner to what surrounds it', () => {
    // Voxel (3, 3) is like seed 1 at (2, 2), and only touches it at a corner.
    const size: Triple = [6, 6, 1];
    const inFirst = (n: number) => (n % 6 <= 2 && n < 18) || n === 21;
    const hu = Array.from({ length: 36 }, (_, n) => (inFirst(n) ? 100 : 0));
    const labels = Array.from({ length: 36 }, (_, n) => (n === 0 ? 1 : n === 35 ? 2 : 0));
    const kept = run(regionOf(size, hu, labels))[0];
    expect(kept[21]).toBe(1);
    const closed = run(regionOf(size, hu, labels), { islands_below_voxels: 2 })[0];
    expect(closed[21]).toBe(2);
    expect([...closed].filter((value, n) => n !== 21 && value !== kept[n])).toEqual([]);
  });

  it('reports progress up to the end', () => {
    const shares: number[] = [];
    run(regionOf(SIZE, new Array(36).fill(0), [1, 2, ...new Array(34).fill(0)]), {}, shares);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });
});

describe('what growing needs', () => {
  const about = (shape: Triple): About => ({
    shape,
    spacing_mm: SPACING,
    boundingBox: (seeds) =>
      seeds.some((seed) => seed.value === 1) ? { low: [5, 6, 7], size: [2, 3, 1] } : null,
  });

  it('is the box of the seeds and the margin in mm, or the box given, inside the scan', () => {
    expect(grow.needs({ ...PARAMS, margin_mm: 4 }, about([50, 50, 9])).box).toEqual({
      low: [0, 2, 5],
      size: [12, 11, 4],
    });
    const box = { low: [-5, 3, 4], size: [20, 4, 40] } as const;
    expect(grow.needs({ ...PARAMS, box }, about([50, 50, 9])).box).toEqual({
      low: [0, 3, 4],
      size: [15, 4, 5],
    });
  });

  it.each<[Partial<GrowParams>, string]>([
    [{ seeds: [] }, 'Growing needs seeds of two structures'],
    [{ seeds: [{ layer: 0, value: 1 }] }, 'Growing needs seeds of two structures'],
    [{ seeds: [{ layer: 0, value: 8 }], background: true }, 'The seeds are empty'],
    [{ locality: -1 }, 'The locality must be between 0 and 1000'],
    [{ margin_mm: Number.NaN }, 'The margin around the seeds'],
    [{ box: { low: [60, 0, 0], size: [5, 5, 5] } }, 'The box lies outside the scan'],
  ])('is refused with %j', (change, sentence) => {
    expect(() => grow.needs({ ...PARAMS, ...change }, about([50, 50, 9]))).toThrow(sentence);
  });

  it('is refused where the box is too large to search', () => {
    const side = Math.ceil(Math.cbrt(MOST_GROW_VOXELS)) + 1;
    const box = { low: [0, 0, 0], size: [side, side, side] } as const;
    expect(() => grow.needs({ ...PARAMS, box }, about([side, side, side]))).toThrow('million voxels');
  });

  it('is a seed of every structure, each named once', () => {
    const region = regionOf(SIZE, new Array(36).fill(0), [1, ...new Array(35).fill(0)]);
    expect(() => run(region)).toThrow('One of the structures has no seed in the box');
    const twice = [PARAMS.seeds[0], PARAMS.seeds[0]];
    expect(() => run(region, { seeds: twice })).toThrow('given twice');
  });
});

describe('the queue of buckets', () => {
  it('gives nodes by rising cost whatever was pushed meanwhile', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(3)), { maxLength: 200 }), (pushes) => {
        const queue = new BucketQueue(9);
        const costs = [0];
        queue.push(0, 0);
        const popped: number[] = [];
        const waiting = [...pushes];
        for (let node = queue.pop(); node >= 0; node = queue.pop()) {
          expect(costs[node]).toBe(queue.cost);
          popped.push(queue.cost);
          for (const [more] of waiting.splice(0, 3)) {
            costs.push(queue.cost + more);
            queue.push(costs.length - 1, queue.cost + more);
          }
        }
        expect(popped.length).toBe(pushes.length + 1);
        expect(popped).toEqual([...popped].sort((a, b) => a - b));
      }),
    );
  });

  it('holds more nodes than it first has room for', () => {
    const queue = new BucketQueue(1);
    for (let node = 0; node < 200_000; node++) queue.push(node, node & 1);
    const seen = new Set<number>();
    for (let node = queue.pop(); node >= 0; node = queue.pop()) seen.add(node);
    expect(seen.size).toBe(200_000);
  });
});
