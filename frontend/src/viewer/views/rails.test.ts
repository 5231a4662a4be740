import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Box, LabelMap, type SliceRuns } from '../../voxels';
import { layerStyles } from '../styles';
import { uncertainSlices } from './heat';
import { LOOKED_MS, Rails } from './rails';

const LIVER = { layer: 0, value: 3, name: 'liver', colour: '#c99a3b', visible: true, locked: false };
const SPLEEN = { ...LIVER, value: 5, name: 'spleen' };

/** 40 x 20 x 4 voxels: liver at (33, 7, 1) and (34, 7, 2), spleen at (2, 19, 3). */
function someMask(): LabelMap {
  const map = LabelMap.empty([40, 20, 4], 1);
  const slices = map.layers[0] ?? [];
  slices[1]?.set([3], 33 + 40 * 7);
  slices[2]?.set([3], 34 + 40 * 7);
  slices[3]?.set([5], 2 + 40 * 19);
  return map;
}

function ones(marks: Uint8Array): number[] {
  return [...marks.keys()].filter((n) => marks[n] === 1);
}

function runs(k: number, starts: number[], lengths: number[]): SliceRuns {
  return {
    layer: 0,
    k,
    starts: Uint32Array.from(starts),
    lengths: Uint32Array.from(lengths),
    values: new Uint8Array(starts.length).fill(3),
  };
}

let rails: Rails;
let map: LabelMap;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.stubGlobal('document', { hidden: false });
  map = someMask();
  rails = new Rails(map);
  rails.setStyles(layerStyles([LIVER, { ...SPLEEN, visible: false }], 1));
  rails.setActive(LIVER);
  vi.runAllTimers();
});

afterEach(() => {
  rails.destroy();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('marks', () => {
  it('show where visible structures and the active one are, in each plane', () => {
    expect(ones(rails.marks('axial').structures)).toEqual([1, 2]);
    expect(ones(rails.marks('sagittal').structures)).toEqual([33, 34]);
    expect(ones(rails.marks('coronal').active)).toEqual([7]);
    rails.setActive(SPLEEN);
    expect(ones(rails.marks('sagittal').active)).toEqual([2]);
  });

  it('follow an edit, and say where it was', () => {
    map.layers[0]?.[0]?.set([3, 3], 4 + 40 * 11);
    rails.edits([runs(0, [4 + 40 * 11], [2])]);
    vi.runAllTimers();
    expect(ones(rails.marks('axial').structures)).toEqual([0, 1, 2]);
    expect(ones(rails.marks('sagittal').edited)).toEqual([4, 5]);
    expect(ones(rails.marks('coronal').edited)).toEqual([11]);
    expect(rails.shadows.box(LIVER)).toEqual({ low: [4, 7, 0], size: [31, 5, 3] });
  });

  it('know the rows and columns of a run over several rows', () => {
    rails.edits([runs(1, [38 + 40 * 2], [4])]);
    expect(ones(rails.marks('coronal').edited)).toEqual([2, 3]);
    expect(ones(rails.marks('sagittal').edited)).toEqual([0, 1, 38, 39]);
  });
});

describe('looking', () => {
  it('counts after a slice was on screen for a moment', () => {
    rails.shows('axial', 1);
    vi.advanceTimersByTime(LOOKED_MS - 1);
    expect(ones(rails.marks('axial').looked)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ones(rails.marks('axial').looked)).toEqual([1]);
    expect(rails.lookedShare(LIVER)).toBe(0.5);
  });

  it('does not count while scrolling past', () => {
    rails.shows('axial', 1);
    vi.advanceTimersByTime(LOOKED_MS / 2);
    rails.shows('axial', 2);
    vi.advanceTimersByTime(LOOKED_MS);
    expect(ones(rails.marks('axial').looked)).toEqual([2]);
  });

  it('goes on from what was seen before; a structure without a voxel has no share', () => {
    rails.setLooked('axial', Uint8Array.of(0, 1, 1, 0));
    expect(rails.lookedShare(LIVER)).toBe(1);
    expect(rails.lookedShare({ layer: 0, value: 9 })).toBeNull();
  });
});

describe('of a cube', () => {
  const CUBE: Box = { low: [30, 4, 1], size: [4, 8, 2] };
  const TWO = { layer: 0, value: 7 };

  it('only what lies in it has to be looked at, and is walked through', () => {
    // Beside the cube, and around two of its corners: in its columns and in its rows, and yet not in it.
    map.layers[0]?.[1]?.set([7], 31 + 40 * 15);
    map.layers[0]?.[1]?.set([7], 2 + 40 * 7);
    map.layers[0]?.[2]?.set([7], 30 + 40 * 11);
    const cube = new Rails(map, CUBE);
    cube.setStyles(layerStyles([LIVER, SPLEEN], 1));
    cube.setActive(LIVER);
    vi.runAllTimers();
    expect(ones(cube.marks('axial').active)).toEqual([1]);
    expect(ones(cube.marks('sagittal').active)).toEqual([33]);
    expect(ones(cube.marks('axial').structures)).toEqual([1, 2, 3]);
    cube.setActive(TWO);
    expect(ones(cube.marks('axial').active)).toEqual([2]);
    expect(ones(cube.marks('coronal').active)).toEqual([11]);
    cube.setLooked('axial', Uint8Array.of(0, 0, 1, 0));
    expect(cube.lookedShare(TWO)).toBe(1);
    expect(cube.lookedShare(LIVER)).toBe(0);
    expect(cube.lookedShare(SPLEEN)).toBeNull();
    cube.destroy();
  });

  it('follows an edit in it, and none outside', () => {
    const cube = new Rails(map, CUBE);
    cube.setStyles(layerStyles([LIVER], 1));
    cube.setActive(LIVER);
    vi.runAllTimers();
    map.layers[0]?.[2]?.set([3], 32 + 40 * 5);
    map.layers[0]?.[3]?.set([3], 32 + 40 * 5);
    cube.edits([runs(2, [32 + 40 * 5], [1]), runs(3, [32 + 40 * 5], [1])]);
    vi.runAllTimers();
    expect(ones(cube.marks('axial').active)).toEqual([1, 2]);
    expect(cube.shadows.box(LIVER)).toEqual({ low: [32, 5, 1], size: [3, 3, 3] });
    cube.destroy();
  });
});

describe('uncertainSlices', () => {
  it('gives each slice the mean of its largest values, stretched over the scan', () => {
    const values = new Uint8Array(10 * 10 * 2);
    values[155] = 200;
    expect([...uncertainSlices({ shape: [10, 10, 2], values }, 4, 2)]).toEqual([0, 0, 200, 200]);
    expect(uncertainSlices({ shape: [10, 10, 2], values }, 10, 0)[5]).toBe(200);
  });
});
