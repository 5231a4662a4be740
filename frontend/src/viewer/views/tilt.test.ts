import { describe, expect, it } from 'vitest';
import { ijk, LabelMap, type Triple } from '../../voxels';
import { ImageSlices } from '../imageSlices';
import { type PlaneView, planeFrame } from '../planeFrame';
import { heatAt } from './heat';
import { axesOf } from './planeAxes';
import { tiltedSection } from './tilt';

const SHAPE: Triple = [9, 9, 9];
const SPACING: Triple = [1, 1, 1];
const BITS = Uint32Array.from({ length: 65536 }, (_, bits) => bits);
/** 9 x 9 mm around the middle of the scan, one sample per millimetre. */
const view: PlaneView = { centre: ijk(4, 4, 4), pixelsPerMm: 1, width: 9, height: 9 };

function ramp(): ImageSlices {
  const image = new ImageSlices(SHAPE);
  for (let k = 0; k < 9; k++) {
    image.writeFull(
      k,
      Int16Array.from({ length: 81 }, (_, p) => 100 * k + 10 * Math.floor(p / 9) + (p % 9)),
    );
  }
  return image;
}

describe('a turned section', () => {
  it('by 90 degrees about i, the axial plane shows what the coronal one does', () => {
    const section = tiltedSection(axesOf(planeFrame('axial', SHAPE, SPACING), [90, 0, 0]), view, SPACING);
    const pixels = new Uint32Array(81);
    section.paint(ramp(), BITS, pixels);
    // Down the screen was +j, turned to +k; j stays in the middle.
    expect(pixels[0]).toBe(40);
    expect(pixels[8]).toBe(48);
    expect(pixels[72]).toBe(840);
  });

  it('is linear between voxels for the image and nearest for labels', () => {
    const between = { ...view, centre: ijk(4.25, 4, 4) };
    const section = tiltedSection(axesOf(planeFrame('axial', SHAPE, SPACING), [0, 0, 0]), between, SPACING);
    const image = new ImageSlices(SHAPE);
    for (let k = 0; k < 9; k++)
      image.writeFull(
        k,
        Int16Array.from({ length: 81 }, (_, p) => 100 * (p % 9)),
      );
    const pixels = new Uint32Array(81);
    section.paint(image, BITS, pixels);
    expect(pixels[40]).toBe(425);
    const map = LabelMap.empty(SHAPE, 1);
    map.layers[0]?.[4]?.set([7], 4 + 9 * 4);
    const labels = section.labels(map, 0, new Uint8Array(81));
    expect([...labels.keys()].filter((n) => labels[n] === 7)).toEqual([40]);
  });

  it('shows the nearest voxels while it moves, with fewer samples where it is large', () => {
    const between = { ...view, centre: ijk(4.25, 4, 4) };
    const axes = axesOf(planeFrame('axial', SHAPE, SPACING), [0, 0, 0]);
    const moving = tiltedSection(axes, between, SPACING, 'moving');
    const pixels = new Uint32Array(81);
    moving.paint(ramp(), BITS, pixels);
    expect(pixels[40]).toBe(444);
    const large = { ...between, width: 900, height: 700 };
    expect(tiltedSection(axes, large, SPACING, 'moving').columns).toBeLessThan(
      tiltedSection(axes, large, SPACING).columns,
    );
  });

  it('is air and without labels outside of the scan', () => {
    const outside = { ...view, centre: ijk(40, 4, 4) };
    const section = tiltedSection(axesOf(planeFrame('axial', SHAPE, SPACING), [10, 0, 0]), outside, SPACING);
    const pixels = new Uint32Array(81);
    section.paint(ramp(), BITS, pixels);
    expect(new Set(pixels)).toEqual(new Set([-1024 & 0xffff]));
    const map = LabelMap.empty(SHAPE, 1);
    map.layerVoxels(0).fill(7);
    expect(Math.max(...section.labels(map, 0, new Uint8Array(81)))).toBe(0);
  });
});

describe('heatAt', () => {
  it('is linear between the centres of coarse voxels and even at the rim', () => {
    const map = { shape: [2, 1, 1] as Triple, values: Uint8Array.of(0, 200) };
    // 8 voxels: the coarse centres lie at 1.5 and 5.5.
    expect(heatAt(map, [8, 4, 4], [1.5, 0, 0])).toBeCloseTo(0);
    expect(heatAt(map, [8, 4, 4], [3.5, 2, 1])).toBeCloseTo(100);
    expect(heatAt(map, [8, 4, 4], [7, 3, 3])).toBeCloseTo(200);
  });
});
