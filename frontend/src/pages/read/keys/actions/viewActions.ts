import { LAYOUTS, type Layout, type Pane, turnedInPlane } from '../../../../viewer';
import type { Plane } from '../../../../voxels';
import { signed } from '../../../words';
import { isBeside, useCompareStore } from '../../compare/compareStore';
import { walkUnlooked } from '../../guidance/useLooked';
import { toggleCine } from '../../layout/cine';
import { LAYOUT_NAMES, mainPlane, seenPlanes } from '../../layout/layouts';
import { nextSlab } from '../../layout/slabs';
import { useRead } from '../../readStore';
import { WINDOW_PRESETS } from '../../tools/presets';
import { typeWindow } from '../../tools/windowField';
import { call } from '../handlers';
import type { Action } from './action';

const { getState: read } = useRead;
const FAST = 10;
const TURN_DEGREES = 5;
const FILL_STEP = 0.1;

const SLICES: readonly Action[] = [
  slices('next', 'Next slice (or wheel)', 'down', 1),
  slices('previous', 'Previous slice', 'up', -1),
  slices('next_10', 'Ten slices on', 'pagedown', FAST),
  slices('previous_10', 'Ten slices back', 'pageup', -FAST),
  {
    id: 'slice.go_to',
    group: 'Slices',
    words: 'Go to a slice by its number',
    key: 'ctrl+g',
    press: typeSlice,
  },
  {
    id: 'slice.middle',
    group: 'Slices',
    words: 'To the middle of what is asked for, or of the scan',
    key: 'home',
    press: () => read().port?.goToMiddle(),
  },
  {
    id: 'slice.cine',
    group: 'Slices',
    words: 'Play the slices (cine), and stop',
    key: 'shift+space',
    press: toggleCine,
  },
  {
    id: 'slice.not_looked',
    group: 'Slices',
    words: 'Next slice that was not looked at',
    key: 'j',
    repeats: true,
    press: () => toUnseen(1),
  },
  {
    id: 'slice.not_looked_back',
    group: 'Slices',
    words: 'Previous slice that was not looked at',
    key: 'shift+j',
    repeats: true,
    press: () => toUnseen(-1),
  },
];

function slices(id: string, words: string, key: string, by: number): Action {
  const press = (): void => withPlane((plane) => read().port?.scroll(plane, by));
  return { id: `slice.${id}`, group: 'Slices', words, key, repeats: true, press };
}

const PEEK: readonly Action[] = [
  {
    id: 'peek.image',
    group: 'View',
    words: 'Only the image (hold)',
    key: 'x',
    press: () => read().set({ peek: 'image' }),
    release: () => read().set({ peek: 'none' }),
  },
  {
    id: 'peek.prediction',
    group: 'View',
    words: 'The prediction (hold)',
    key: 'c',
    press: () => read().set({ peek: 'prediction' }),
    release: () => read().set({ peek: 'none' }),
  },
];

const GLASS: Action = {
  id: 'view.magnify',
  group: 'View',
  words: 'Magnifying glass (hold)',
  key: 'alt+x',
  press: () => read().port?.tools.magnifier.show(true),
  release: () => read().port?.tools.magnifier.show(false),
};

const WINDOWS: readonly Action[] = WINDOW_PRESETS.map(
  ({ id, key, name, window }): Action => ({
    id: `window.${id}`,
    group: 'View',
    words: `${name}: W ${window.width} L ${signed(window.level, 0)}`,
    key,
    press: () => read().set({ window }),
  }),
);

const TYPED_WINDOW: Action = {
  id: 'window.type',
  group: 'View',
  words: 'Type window width and centre',
  key: 'alt+w',
  press: typeWindow,
};

const LAYOUT: readonly Action[] = [
  ...LAYOUTS.map(
    (layout: Layout, at): Action => ({
      id: `layout.${layout}`,
      group: 'View',
      words: LAYOUT_NAMES[layout],
      key: `shift+${at + 1}`,
      press: () => chooseLayout(layout),
    }),
  ),
  {
    id: 'layout.maximise',
    group: 'View',
    words: 'One plane over all, and back (or double click)',
    key: 'space',
    press: toggleMaximised,
  },
];

const FITTING: readonly Action[] = [
  {
    id: 'view.fit',
    group: 'View',
    words: 'Fit the image; of a case read in part: the part, then all',
    key: '0',
    press: fitView,
  },
  {
    id: 'view.drawing',
    group: 'View',
    words: 'All structures: fill and outline, outline, fill',
    key: 'shift+o',
    press: () => read().stepAllDrawings(),
  },
  {
    id: 'view.fill_less',
    group: 'View',
    words: 'Fainter fill',
    key: 'alt+[',
    repeats: true,
    press: () => fill(-1),
  },
  {
    id: 'view.fill_more',
    group: 'View',
    words: 'Stronger fill',
    key: 'alt+]',
    repeats: true,
    press: () => fill(1),
  },
  {
    id: 'view.turn_left',
    group: 'View',
    words: 'Turn the planes left',
    key: 'shift+left',
    repeats: true,
    press: () => turn(-1),
  },
  {
    id: 'view.turn_right',
    group: 'View',
    words: 'Turn the planes right',
    key: 'shift+right',
    repeats: true,
    press: () => turn(1),
  },
  {
    id: 'view.straight',
    group: 'View',
    words: 'Planes straight again',
    key: 'shift+0',
    press: () => read().set({ oblique: [0, 0, 0] }),
  },
  {
    id: 'view.difference',
    group: 'View',
    words: 'Difference to the prediction',
    key: 'shift+c',
    press: toggleDifference,
  },
  {
    id: 'view.slab',
    group: 'View',
    words: 'Thick slab: MIP, MinIP, mean, off',
    key: 'shift+t',
    press: () => read().set({ slab: nextSlab(read().slab) }),
  },
  {
    id: 'view.beside',
    group: 'View',
    words: 'Compare side by side, and back',
    key: 'shift+s',
    press: () => void call('toggleBeside'),
  },
];

export const VIEW_ACTIONS: readonly Action[] = [
  ...SLICES,
  ...PEEK,
  GLASS,
  ...WINDOWS,
  TYPED_WINDOW,
  ...LAYOUT,
  ...FITTING,
];

export function chooseLayout(layout: Layout): void {
  const { port, single, set } = read();
  // Side by side, the layout's main plane is the one to be doubled.
  useCompareStore.getState().tell({ plane: null });
  set({ layout, maximised: null, single: layout === 'single' ? (port?.tools.plane() ?? single) : single });
}

export function fitView(): void {
  const { port, set } = read();
  set({ maximised: null });
  port?.maximise(null);
  port?.resetView();
}

/** In the plane below the pointer; where the layout has hidden it, in the first that is seen. */
function typeSlice(): void {
  withPlane((plane) => {
    const { layout, single, maximised, set } = read();
    const { comparison, plane: doubled } = useCompareStore.getState();
    const beside = isBeside(comparison) ? (doubled ?? mainPlane(layout, single)) : null;
    const seen = seenPlanes(layout, single, maximised, beside);
    set({ goingTo: seen.includes(plane) ? plane : (seen[0] ?? null) });
  });
}

function toggleMaximised(): void {
  const { maximised, port } = read();
  if (port !== null) {
    port.maximise(maximised === null ? port.tools.plane() : null);
  }
}

/** The next slice of the active structure that was not looked at, in the plane below the pointer. */
function toUnseen(by: 1 | -1): void {
  withPlane((plane) => walkUnlooked(by, plane));
}

function fill(by: 1 | -1): void {
  const { opacity, set } = read();
  set({ opacity: Math.min(1, Math.max(0, Math.round((opacity + by * FILL_STEP) * 20) / 20)) });
}

/** About the line that the plane below the pointer looks along. */
function turn(by: 1 | -1): void {
  withPlane((plane) => {
    const { oblique, set } = read();
    set({ oblique: turnedInPlane(oblique, plane, -by * TURN_DEGREES) });
  });
}

function toggleDifference(): void {
  if (!call('toggleDifference')) {
    read().set({ difference: !read().difference });
  }
}

function withPlane(act: (plane: Plane) => void): void {
  const plane: Pane | undefined = read().port?.tools.plane();
  if (plane !== undefined) {
    act(plane);
  }
}
