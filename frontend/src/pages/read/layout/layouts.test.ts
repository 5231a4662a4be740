import { expect, test } from 'vitest';
import { LAYOUTS, type Pane } from '../../../viewer';
import { PLANES } from '../../../voxels';
import { mainPlane, placeOf, seenPlanes } from './layouts';

const PANES: readonly Pane[] = [...PLANES, 'volume'];

test('each layout has a main plane, also where the surfaces stand alone', () => {
  const main = LAYOUTS.map((layout) => mainPlane(layout, 'coronal'));
  expect(main).toEqual(['axial', 'axial', 'sagittal', 'coronal', 'coronal']);
  expect(mainPlane('single', 'volume')).toBe('axial');
});

test.each(LAYOUTS)('side by side, only the plane that is doubled is there, on the left: %s', (layout) => {
  const places = PANES.map((pane) => placeOf(pane, layout, 'axial', null, 'sagittal'));
  expect(places).toEqual(PANES.map((pane) => (pane === 'sagittal' ? 'a' : null)));
});

test('one plane over all covers what stands beside it', () => {
  expect(placeOf('sagittal', 'large_axial', 'axial', 'sagittal', 'sagittal')).toBe('all');
});

test('only planes that nothing hides are seen', () => {
  expect(seenPlanes('three_and_volume', 'axial', null, null)).toEqual(PLANES);
  expect(seenPlanes('single', 'coronal', null, null)).toEqual(['coronal']);
  expect(seenPlanes('single', 'volume', null, null)).toEqual([]);
  expect(seenPlanes('large_axial', 'axial', 'sagittal', null)).toEqual(['sagittal']);
  expect(seenPlanes('large_axial', 'axial', 'volume', null)).toEqual([]);
  expect(seenPlanes('large_axial', 'axial', null, 'coronal')).toEqual(['coronal']);
});
