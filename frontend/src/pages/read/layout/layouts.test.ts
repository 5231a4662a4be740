import { expect, test } from 'vitest';
import { LAYOUTS, type Pane } from '../../../viewer';
import { PLANES } from '../../../voxels';
import { mainPlane, placeOf } from './layouts';

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
