/** What the reader has set up on the page: tool, active structure, what is shown. Saved work is not in here. */

import { create } from 'zustand';
import type { Structure } from '../../api';
import {
  type Brush,
  DRAWINGS,
  type Drawing,
  type Layout,
  type LoadProgress,
  type Pane,
  type Projection,
  type ToolOptions,
  type ViewerPort,
  type VoiWindow,
} from '../../viewer';
import { type EditMask, NO_MASK, type Plane, type Triple } from '../../voxels';
import { inDisplayOrder } from './structures/groups';
import { WINDOW_PRESETS } from './tools/presets';
import type { ToolId } from './tools/toolTable';

export type Peek = 'none' | 'image' | 'prediction';
/** What stands open over or beside the image; one at a time. */
export type Panel = 'keys' | 'key_settings' | 'palette' | 'submit' | 'accept' | 'return' | 'pin';
/** What may stand in the upper part of the side column, one at a time. */
export type SideTab =
  | 'structures'
  | 'changes'
  | 'differences'
  | 'pins'
  | 'guidance'
  | 'compare'
  | 'history'
  | 'guideline';

/** Kept from case to case within a sitting. */
interface Habits {
  readonly tool: ToolId;
  readonly brush: Brush;
  readonly options: ToolOptions;
  /** Opacity of the fill, 0 to 1. */
  readonly opacity: number;
  /** How structures are drawn that have no style of their own. */
  readonly drawing: Drawing;
  /** Own colours, #rrggbb, by key of structure. */
  readonly colours: ReadonlyMap<string, string>;
  readonly layout: Layout;
  /** The pane of the layout of one. */
  readonly single: Pane;
  readonly tab: SideTab;
  /** How thick a slab is, when there is one. */
  readonly slab_mm: number;
}

interface OfOneCase {
  /** Volume of one voxel; null before a case is open. */
  readonly voxel_ml: number | null;
  /** False: nobody knows how large a voxel is. */
  readonly isMeasured: boolean;
  /** As the project colours them, in the order of the list. */
  readonly given: readonly Structure[];
  /** The same in the reader's own colours. */
  readonly structures: readonly Structure[];
  readonly active: Structure | null;
  /** Keys of structures. */
  readonly hidden: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
  /** Opacity of the fill by key, where it is not that of all. */
  readonly opacities: ReadonlyMap<string, number>;
  /** Fill, outline or both by key, where it is not that of all. */
  readonly drawings: ReadonlyMap<string, Drawing>;
  /** Shown alone; `hidden` then says what was hidden before. */
  readonly solo: string | null;
  /** Why a structure deserves a second look, by key. */
  readonly warnings: ReadonlyMap<string, string>;
  readonly window: VoiWindow;
  readonly paint: EditMask;
  /** Rotation of the planes about the crosshair, degrees about each axis of the scan. */
  readonly oblique: Triple;
  /** What a thick slab shows in each plane; null: slices. */
  readonly slab: Projection | null;
  readonly peek: Peek;
  readonly difference: boolean;
  readonly maximised: Pane | null;
  readonly panel: Panel | null;
  /** The plane in which a slice is being chosen by its number. */
  readonly goingTo: Plane | null;
  readonly port: ViewerPort | null;
  readonly progress: LoadProgress | null;
  /** Rises with every stroke, undo and redo: volumes are read anew. */
  readonly drawn: number;
}

interface Actions {
  readonly open: (structures: readonly Structure[], difference: boolean) => void;
  readonly set: (change: Partial<Habits & OfOneCase>) => void;
  readonly setOptions: (change: Partial<ToolOptions>) => void;
  readonly activate: (structure: Structure | undefined) => void;
  readonly step: (by: 1 | -1) => void;
  readonly toggleHidden: (key: string) => void;
  readonly toggleLocked: (key: string) => void;
  readonly toggleAllHidden: () => void;
  readonly setHidden: (keys: readonly string[], hidden: boolean) => void;
  readonly setOpacity: (key: string, opacity: number | null) => void;
  readonly setDrawing: (key: string, drawing: Drawing | null) => void;
  /** For all structures of all cases: those that are not named have the project's. */
  readonly setColours: (colours: ReadonlyMap<string, string>) => void;
  /** The next style for one structure. */
  readonly stepDrawing: (key: string) => void;
  /** For all structures: none keeps a style of its own. */
  readonly setAllDrawings: (drawing: Drawing) => void;
  readonly stepAllDrawings: () => void;
  readonly toggleSolo: (key: string) => void;
}

export type ReadState = Habits & OfOneCase & Actions;

const SOFT_TISSUE: VoiWindow = WINDOW_PRESETS[0]?.window ?? { width: 400, level: 40 };

const FIRST_HABITS: Habits = {
  tool: 'brush',
  brush: { radius_mm: 6, sphere: false },
  options: {
    thresholdBrush: [-50, 200],
    scissors: { form: 'freehand', inside: true, action: 'erase', reach: 'slice' },
    flood: { tolerance_hu: 30, threeD: false, max_mm: 40 },
  },
  opacity: 0.35,
  drawing: 'both',
  colours: new Map(),
  layout: 'large_axial',
  single: 'axial',
  tab: 'structures',
  slab_mm: 10,
};

const NOTHING_OPEN: OfOneCase = {
  voxel_ml: null,
  isMeasured: true,
  given: [],
  structures: [],
  active: null,
  hidden: new Set(),
  locked: new Set(),
  opacities: new Map(),
  drawings: new Map(),
  solo: null,
  warnings: new Map(),
  window: SOFT_TISSUE,
  paint: NO_MASK,
  oblique: [0, 0, 0],
  slab: null,
  peek: 'none',
  difference: false,
  maximised: null,
  panel: null,
  goingTo: null,
  port: null,
  progress: null,
  drawn: 0,
};

export const useRead = create<ReadState>((set, get) => ({
  ...FIRST_HABITS,
  ...NOTHING_OPEN,

  open: (all, difference) => {
    const given = inDisplayOrder(all);
    const structures = coloured(given, get().colours);
    // A review begins with what was changed; that tab is not there while one draws.
    const tab = difference ? 'changes' : get().tab === 'changes' ? 'structures' : get().tab;
    set({ ...NOTHING_OPEN, given, structures, active: structures[0] ?? null, difference, tab });
  },

  set: (change) => set(change),

  setOptions: (change) => set({ options: { ...get().options, ...change } }),

  activate: (structure) => {
    if (structure !== undefined) {
      const { hidden, solo } = get();
      // Drawing something that is hidden would look as if the brush did not work.
      set({
        active: structure,
        hidden: without(hidden, structure.key),
        solo: solo === null ? null : structure.key,
      });
    }
  },

  step: (by) => {
    const { structures, active, activate } = get();
    const at = structures.findIndex(({ key }) => key === active?.key);
    activate(structures[(at + by + structures.length) % structures.length]);
  },

  toggleHidden: (key) => set({ hidden: toggled(get().hidden, key), solo: null }),
  toggleLocked: (key) => set({ locked: toggled(get().locked, key) }),
  toggleAllHidden: () => {
    const { hidden, structures } = get();
    set({ hidden: hidden.size > 0 ? new Set() : new Set(structures.map(({ key }) => key)), solo: null });
  },
  setHidden: (keys, isHidden) => {
    const hidden = new Set(get().hidden);
    for (const key of keys) {
      if (isHidden) hidden.add(key);
      else hidden.delete(key);
    }
    set({ hidden, solo: null });
  },
  setOpacity: (key, opacity) => set({ opacities: withOwn(get().opacities, key, opacity) }),
  setDrawing: (key, drawing) => set({ drawings: withOwn(get().drawings, key, drawing) }),
  setColours: (colours) => {
    const structures = coloured(get().given, colours);
    const active = structures.find(({ key }) => key === get().active?.key) ?? null;
    set({ colours, structures, active });
  },
  stepDrawing: (key) => {
    get().setDrawing(key, next(drawingOf(get(), key)));
  },
  setAllDrawings: (drawing) => set({ drawing, drawings: new Map() }),
  stepAllDrawings: () => get().setAllDrawings(next(get().drawing)),
  toggleSolo: (key) => set({ solo: get().solo === key ? null : key }),
}));

/** Whether a structure is drawn on the image now. */
export function isShown({ hidden, solo }: Pick<ReadState, 'hidden' | 'solo'>, key: string): boolean {
  return solo === null ? !hidden.has(key) : solo === key;
}

/** What is drawn of a structure: its own style, or that of all. */
export function drawingOf(
  { drawing, drawings }: Pick<ReadState, 'drawing' | 'drawings'>,
  key: string,
): Drawing {
  return drawings.get(key) ?? drawing;
}

function coloured(
  structures: readonly Structure[],
  colours: ReadonlyMap<string, string>,
): readonly Structure[] {
  return structures.map((structure) => {
    const own = colours.get(structure.key);
    return own === undefined ? structure : { ...structure, colour: own };
  });
}

/** Null gives the own choice back. */
export function withOwn<T>(
  own: ReadonlyMap<string, T>,
  key: string,
  choice: T | null,
): ReadonlyMap<string, T> {
  const changed = new Map(own);
  if (choice === null) changed.delete(key);
  else changed.set(key, choice);
  return changed;
}

function next(drawing: Drawing): Drawing {
  return DRAWINGS[(DRAWINGS.indexOf(drawing) + 1) % DRAWINGS.length] ?? 'both';
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  return keys.has(key) ? without(keys, key) : new Set(keys).add(key);
}

function without(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const rest = new Set(keys);
  rest.delete(key);
  return rest;
}
