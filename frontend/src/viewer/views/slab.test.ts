import { describe, expect, it } from 'vitest';
import { ijk, type Plane, type Triple } from '../../voxels';
import { ImageSlices } from '../imageSlices';
import { type PlaneView, planeFrame } from '../planeFrame';
import { axesOf } from './planeAxes';
import type { Slab } from './port';
import { type Section, straightSection } from './section';
import { SlabPicture, slabSteps } from './slab';
import { tiltedSection } from './tilt';

const SHAPE: Triple = [14, 11, 9];
const SPACING: Triple = [1, 1.5, 3];
const STRAIGHT: Triple = [0, 0, 0];
const never = (): boolean => false;

function huAt(i: number, j: number, k: number): number {
  return ((i * 7919 + j * 104729 + k * 1299709) % 2003) - 1000;
}

function scan(hu = huAt): ImageSlices {
  const image = new ImageSlices(SHAPE);
  for (let k = 0; k < SHAPE[2]; k++) {
    const slice = Int16Array.from({ length: SHAPE[0] * SHAPE[1] }, (_, p) =>
      hu(p % SHAPE[0], Math.floor(p / SHAPE[0]), k),
    );
    image.writeFull(k, slice);
  }
  return image;
}

function view(i: number, j: number, k: number): PlaneView {
  return { centre: ijk(i, j, k), pixelsPerMm: 1, width: 20, height: 20 };
}

interface Asked {
  readonly plane: Plane;
  readonly at: Triple;
  readonly slab: Slab;
  readonly degrees?: Triple;
  readonly image?: ImageSlices;
}

function picture({ plane, at, slab, degrees = STRAIGHT, image = scan() }: Asked): [SlabPicture, Section] {
  const frame = planeFrame(plane, SHAPE, SPACING);
  const axes = axesOf(frame, degrees);
  const isStraight = degrees === STRAIGHT;
  const section = isStraight
    ? straightSection(frame, view(...at))
    : tiltedSection(axes, view(...at), SPACING);
  return [new SlabPicture(section, image, slabSteps(frame, axes, section, slab, false), slab), section];
}

function done(asked: Asked): Int16Array {
  const [made] = picture(asked);
  made.run(never);
  expect(made.isDone).toBe(true);
  return made.hu;
}

const OF: Readonly<Record<Slab['projection'], (values: readonly number[]) => number>> = {
  maximum: (values) => Math.max(...values),
  minimum: (values) => Math.min(...values),
  mean: (values) => Math.round(values.reduce((sum, value) => sum + value, 0) / values.length),
};

describe('a slab of straight slices', () => {
  const cases = (['axial', 'sagittal', 'coronal'] as const).flatMap((plane) =>
    (['maximum', 'minimum', 'mean'] as const).flatMap((projection) =>
      [0.5, 6, 9, 100].map((thickness_mm) => ({ plane, projection, thickness_mm })),
    ),
  );

  it.each(cases)('$projection, $plane, $thickness_mm mm: voxel by voxel', ({ plane, ...slab }) => {
    const { normal, across, along, columns, rows } = planeFrame(plane, SHAPE, SPACING);
    const middle = 2;
    const hu = done({ plane, slab, at: [middle, middle, middle] });
    const expected = Array.from({ length: columns * rows }, (_, p) => {
      const at: [number, number, number] = [0, 0, 0];
      at[across] = p % columns;
      at[along] = Math.floor(p / columns);
      const inSlab: number[] = [];
      for (let n = 0; n < SHAPE[normal]; n++) {
        at[normal] = n;
        const isWithin = Math.abs(n - middle) * SPACING[normal] <= slab.thickness_mm / 2;
        if (isWithin) inSlab.push(huAt(...at));
      }
      return OF[slab.projection](inSlab);
    });
    expect(hu).toEqual(Int16Array.from(expected));
  });

  it('thinner than a slice is the slice', () => {
    const hu = done({ plane: 'axial', at: [7, 5, 4], slab: { projection: 'maximum', thickness_mm: 2 } });
    expect([...hu]).toEqual([...(scan().slices[4] as Int16Array)]);
  });

  it('is made in turns: as many as it takes, and the same picture', () => {
    const image = new ImageSlices([400, 300, 3]);
    image.writeFull(
      0,
      Int16Array.from({ length: 360_000 }, (_, p) => (p * 7919) % 2003),
    );
    const frame = planeFrame('axial', image.shape, [1, 1, 1]);
    const axes = axesOf(frame, STRAIGHT);
    const section = straightSection(frame, view(200, 150, 1));
    const slab = { projection: 'mean', thickness_mm: 3 } as const;
    const steps = slabSteps(frame, axes, section, slab, false);
    const [whole, made] = [0, 1].map(() => new SlabPicture(section, image, steps, slab));
    whole?.run(never);
    let turns = 0;
    for (; made?.isDone === false; turns++) made.run(() => true);
    expect(turns).toBe(6);
    expect(made?.hu).toEqual(whole?.hu);
  });

  it('takes what is coarse where slices are still to come', () => {
    const image = new ImageSlices(SHAPE);
    const coarse: Triple = [7, 6, 5];
    const slices = Array.from({ length: 5 }, (_, k) => new Int16Array(42).fill(100 * k));
    image.setCoarse({ shape: coarse, step: 2, slices });
    image.writeFull(4, new Int16Array(SHAPE[0] * SHAPE[1]).fill(50));
    const slab = { projection: 'maximum', thickness_mm: 6 } as const;
    for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
      const hu = done({ plane, at: [5, 5, 4], slab, image });
      expect(plane === 'axial' ? hu[0] : hu[hu.length - 1]).toBe(plane === 'axial' ? 200 : 400);
    }
  });
});

describe('a slab of a turned plane', () => {
  it('turned by nothing is that of the slice, voxel by voxel', () => {
    const slab = { projection: 'maximum', thickness_mm: 6 } as const;
    const axes = axesOf(planeFrame('axial', SHAPE, SPACING), STRAIGHT);
    const look: PlaneView = { centre: ijk(6, 5, 4), pixelsPerMm: 1, width: 9, height: 9 };
    const section = tiltedSection(axes, look, SPACING);
    const steps = slabSteps(planeFrame('axial', SHAPE, SPACING), axes, section, slab, false);
    const made = new SlabPicture(section, scan(), steps, slab);
    made.run(never);
    // One sample per millimetre: columns are voxels, the middle row is row 5.
    const row = [...made.hu.subarray(4 * 9, 5 * 9)];
    expect(row).toEqual(
      Array.from({ length: 9 }, (_, c) => Math.max(...[3, 4, 5].map((k) => huAt(c + 2, 5, k)))),
    );
  });

  it('goes along its own normal: of a ramp across it, the ends', () => {
    const degrees: Triple = [0, 90, 0];
    const ramp = scan((i) => 10 * i);
    const at: Triple = [6, 5, 4];
    const of = (projection: Slab['projection']): number => {
      const [made, { columns, rows }] = picture({
        plane: 'axial',
        at,
        degrees,
        image: ramp,
        slab: { projection, thickness_mm: 8 },
      });
      made.run(never);
      return made.hu[Math.floor(rows / 2) * columns + Math.floor(columns / 2)] as number;
    };
    expect([of('minimum'), of('mean'), of('maximum')]).toEqual([20, 60, 100]);
  });

  it('is air beside the scan', () => {
    const hu = done({
      plane: 'axial',
      at: [6, 5, 4],
      degrees: [0, 30, 0],
      slab: { projection: 'minimum', thickness_mm: 4 },
    });
    expect(hu[0]).toBe(-1024);
  });
});

it('while it moves, a slab looks at few of its slices, and always at the middle one', () => {
  const frame = planeFrame('axial', [512, 512, 300], [0.6, 0.6, 0.6]);
  const axes = axesOf(frame, STRAIGHT);
  const size = { isStraight: true, columns: 512, rows: 512 };
  const slab = { projection: 'maximum', thickness_mm: 50 } as const;
  const still = slabSteps(frame, axes, size, slab, false).steps;
  const moving = slabSteps(frame, axes, size, slab, true).steps;
  expect([still.length, Math.max(...still)]).toEqual([83, 41]);
  expect(moving.length * 512 * 512).toBeLessThanOrEqual(1_200_000);
  expect(moving).toContain(0);
  expect(new Set(still).size).toBe(83);
});
