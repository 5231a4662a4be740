import { undo } from '../../history/undo';
import { useRead } from '../../readStore';
import { firstChoice } from '../../tools/PaintLimits';
import { copySlice } from '../../tools/panels/slices';
import { stepRadius } from '../../tools/presets';
import { TOOLS, type Tool } from '../../tools/toolTable';
import type { Action } from './action';

const { getState: read } = useRead;

const CHOOSE: readonly Action[] = TOOLS.map(
  ({ id, name, key }: Tool): Action => ({
    id: `tool.${id}`,
    group: 'Tools',
    words: name,
    key,
    press: () => read().set({ tool: id }),
  }),
);

const EDIT: readonly Action[] = [
  {
    id: 'edit.undo',
    group: 'Tools',
    words: 'Undo',
    key: 'z',
    also: ['ctrl+z'],
    repeats: true,
    press: undo,
  },
  {
    id: 'edit.redo',
    group: 'Tools',
    words: 'Redo',
    key: 'shift+z',
    also: ['ctrl+shift+z', 'ctrl+y'],
    repeats: true,
    press: () => void read().port?.redo(),
  },
  {
    id: 'measure.remove_last',
    group: 'Tools',
    words: 'Remove the last measurement',
    key: 'delete',
    press: removeLastMeasurement,
  },
];

const COPY: readonly Action[] = [
  {
    id: 'copy.before',
    group: 'Tools',
    words: 'Copy the structure from the slice before',
    key: 'alt+up',
    press: () => copySlice(-1),
  },
  {
    id: 'copy.after',
    group: 'Tools',
    words: 'Copy the structure from the slice after',
    key: 'alt+down',
    press: () => copySlice(1),
  },
];

const BRUSH: readonly Action[] = [
  {
    id: 'brush.smaller',
    group: 'Brush',
    words: 'Smaller',
    key: '[',
    repeats: true,
    press: () => resizeBrush(-1),
  },
  {
    id: 'brush.larger',
    group: 'Brush',
    words: 'Larger (or Shift-wheel)',
    key: ']',
    repeats: true,
    press: () => resizeBrush(1),
  },
  { id: 'brush.flat', group: 'Brush', words: 'In the slice (2-D)', key: 'alt+2', press: () => shape(false) },
  { id: 'brush.sphere', group: 'Brush', words: 'Sphere (3-D)', key: 'alt+3', press: () => shape(true) },
];

const PAINT: readonly Action[] = [
  {
    id: 'paint.anywhere',
    group: 'Paint where',
    words: 'Anywhere',
    key: 'alt+a',
    press: () => paint('anywhere'),
  },
  {
    id: 'paint.inside',
    group: 'Paint where',
    words: 'Only inside the active structure',
    key: 'alt+i',
    press: () => paint('inside'),
  },
  {
    id: 'paint.outside',
    group: 'Paint where',
    words: 'Only outside all other structures',
    key: 'alt+o',
    press: () => paint('outside'),
  },
  {
    id: 'paint.background',
    group: 'Paint where',
    words: 'Only where nothing is drawn',
    key: 'alt+b',
    press: () => paint('background'),
  },
  {
    id: 'paint.slice',
    group: 'Paint where',
    words: 'Only in this slice (again: in all)',
    key: 'alt+n',
    press: onlyThisSlice,
  },
];

export const TOOL_ACTIONS: readonly Action[] = [...CHOOSE, ...EDIT, ...COPY, ...BRUSH, ...PAINT];

function resizeBrush(direction: 1 | -1): void {
  const { brush, set } = read();
  set({ brush: { ...brush, radius_mm: stepRadius(brush.radius_mm, direction) } });
}

/** Flood fill works in the slice or in the volume just as the brush does. */
function shape(sphere: boolean): void {
  const { tool, brush, options, set, setOptions } = read();
  if (tool === 'flood_fill') {
    setOptions({ flood: { ...options.flood, threeD: sphere } });
  } else {
    set({ brush: { ...brush, sphere } });
  }
}

function paint(area: 'anywhere' | 'inside' | 'outside' | 'background'): void {
  const { paint: mask, active, structures, set } = read();
  const chosen = firstChoice(area, active, structures).map(({ layer, value }) => ({ layer, value }));
  set({ paint: { ...mask, area, structures: chosen } });
}

function onlyThisSlice(): void {
  const { paint: mask, port, set } = read();
  if (mask.slices !== null || port === null) {
    set({ paint: { ...mask, slices: null } });
    return;
  }
  const plane = port.tools.plane();
  const slice = port.views.slices[plane];
  set({ paint: { ...mask, slices: { plane, first: slice, last: slice } } });
}

function removeLastMeasurement(): void {
  const tools = read().port?.tools;
  const last = tools?.measuring.all.at(-1);
  if (tools !== undefined && last !== undefined) {
    tools.measuring.remove(last.id);
  }
}
