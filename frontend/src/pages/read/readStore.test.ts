import { beforeEach, expect, test } from 'vitest';
import type { Structure } from '../../api';
import { drawingOf, isShown, useRead } from './readStore';
import { stepRadius } from './tools/presets';

function structure(key: string, value: number): Structure {
  return { key, name: key, layer: 0, value, colour: '#00ff00', tolerance_mm: 3, side: '' };
}

const STRUCTURES = [structure('liver', 1), structure('spleen', 2), structure('aorta', 3)];
const { getState: read } = useRead;

beforeEach(() => read().open(STRUCTURES, false));

test('the steps through the structures go round', () => {
  expect(read().active?.key).toBe('liver');
  read().step(-1);
  expect(read().active?.key).toBe('aorta');
  read().step(1);
  read().step(1);
  expect(read().active?.key).toBe('spleen');
});

test('choosing a hidden structure shows it again', () => {
  read().toggleHidden('spleen');
  read().activate(STRUCTURES[1]);
  expect([...read().hidden]).toEqual([]);
  read().activate(undefined);
  expect(read().active?.key).toBe('spleen');
});

test('one switch hides all structures and shows all again', () => {
  read().toggleAllHidden();
  expect(read().hidden.size).toBe(3);
  read().toggleAllHidden();
  expect(read().hidden.size).toBe(0);
});

test('the next case starts with its own structures but keeps the brush', () => {
  read().set({ brush: { radius_mm: 12, sphere: true }, peek: 'image', panel: 'keys' });
  read().toggleLocked('liver');
  read().open(STRUCTURES.slice(1), true);
  expect(read()).toMatchObject({ peek: 'none', panel: null, difference: true, active: { key: 'spleen' } });
  expect(read().locked.size).toBe(0);
  expect(read().brush).toEqual({ radius_mm: 12, sphere: true });
});

test('the brush steps finely where it is small and stays within its limits', () => {
  expect(stepRadius(6, 1)).toBe(7);
  expect(stepRadius(2, -1)).toBe(1.5);
  expect(stepRadius(20, 1)).toBe(22);
  expect(stepRadius(0.5, -1)).toBe(0.5);
  expect(stepRadius(50, 1)).toBe(50);
  // Back and forth over the borders between fine and coarse.
  for (const start of [2, 2.5, 3, 4, 13, 14, 16]) {
    expect(stepRadius(stepRadius(start, 1), -1)).toBe(start);
  }
});

test('a structure shown alone hides the others, and choosing another one shows that one alone', () => {
  const shown = () => STRUCTURES.filter(({ key }) => isShown(read(), key)).map(({ key }) => key);
  read().toggleHidden('aorta');
  read().toggleSolo('liver');
  expect(shown()).toEqual(['liver']);
  read().activate(STRUCTURES[1]);
  expect(shown()).toEqual(['spleen']);
  read().toggleSolo('spleen');
  expect(shown()).toEqual(['liver', 'spleen']);
});

test('a region is hidden and shown together, and an opacity of its own can be given back', () => {
  read().setHidden(['liver', 'aorta'], true);
  expect([...read().hidden].sort()).toEqual(['aorta', 'liver']);
  read().setHidden(['aorta'], false);
  expect([...read().hidden]).toEqual(['liver']);
  read().setOpacity('liver', 0.8);
  expect(read().opacities.get('liver')).toBe(0.8);
  read().setOpacity('liver', null);
  expect(read().opacities.size).toBe(0);
});

test('each structure steps through the drawing styles by itself, and all together leave none behind', () => {
  const drawn = (key: string) => drawingOf(read(), key);
  read().set({ drawing: 'both' });
  read().stepDrawing('liver');
  expect(['liver', 'spleen'].map(drawn)).toEqual(['outline', 'both']);
  read().stepDrawing('liver');
  read().stepDrawing('liver');
  expect(drawn('liver')).toBe('both');
  read().setDrawing('spleen', 'fill');
  read().stepAllDrawings();
  expect(STRUCTURES.map(({ key }) => drawn(key))).toEqual(['outline', 'outline', 'outline']);
  read().setDrawing('spleen', 'fill');
  read().setDrawing('spleen', null);
  expect(drawn('spleen')).toBe('outline');
  read().set({ drawing: 'both' });
});

test('a review opens with the changes, and the tab is gone when the next case is drawn', () => {
  read().open(STRUCTURES, true);
  expect(read().tab).toBe('changes');
  read().open(STRUCTURES, false);
  expect(read().tab).toBe('structures');
  read().set({ tab: 'history' });
  read().open(STRUCTURES, false);
  expect(read().tab).toBe('history');
});
