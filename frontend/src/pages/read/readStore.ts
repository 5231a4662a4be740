/** What the reader has set up on the page: tool, active structure, what is shown. Saved work is not in here. */

import { create } from 'zustand';
import type { Structure } from '../../api';
import type { Brush, LoadProgress, ToolName, ViewerPort, VoiWindow } from '../../viewer';
import type { Plane } from '../../voxels';
import { WINDOW_PRESETS } from './tools/presets';

export type Peek = 'none' | 'image' | 'prediction';
/** What stands open beside the image; one at a time. */
export type Panel = 'keys' | 'submit' | 'return';

/** Kept from case to case within a sitting. */
interface Habits {
  readonly tool: ToolName;
  readonly brush: Brush;
  readonly opacity: number;
}

interface OfOneCase {
  readonly structures: readonly Structure[];
  readonly active: Structure | null;
  /** Keys of structures. */
  readonly hidden: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
  readonly window: VoiWindow;
  readonly peek: Peek;
  readonly difference: boolean;
  readonly maximised: Plane | null;
  readonly panel: Panel | null;
  readonly port: ViewerPort | null;
  readonly progress: LoadProgress | null;
  /** Rises with every stroke, undo and redo: volumes are read anew. */
  readonly drawn: number;
}

interface Actions {
  readonly open: (structures: readonly Structure[], difference: boolean) => void;
  readonly set: (change: Partial<Habits & OfOneCase>) => void;
  readonly activate: (structure: Structure | undefined) => void;
  readonly step: (by: 1 | -1) => void;
  readonly toggleHidden: (key: string) => void;
  readonly toggleLocked: (key: string) => void;
  readonly toggleAllHidden: () => void;
}

export type ReadState = Habits & OfOneCase & Actions;

const SOFT_TISSUE: VoiWindow = WINDOW_PRESETS[0]?.window ?? { width: 400, level: 40 };

const NOTHING_OPEN: OfOneCase = {
  structures: [],
  active: null,
  hidden: new Set(),
  locked: new Set(),
  window: SOFT_TISSUE,
  peek: 'none',
  difference: false,
  maximised: null,
  panel: null,
  port: null,
  progress: null,
  drawn: 0,
};

export const useRead = create<ReadState>((set, get) => ({
  tool: 'brush',
  brush: { radius_mm: 6, sphere: false },
  opacity: 0.35,
  ...NOTHING_OPEN,

  open: (structures, difference) =>
    set({ ...NOTHING_OPEN, structures, active: structures[0] ?? null, difference }),

  set: (change) => set(change),

  activate: (structure) => {
    if (structure !== undefined) {
      // Drawing something that is hidden would look as if the brush did not work.
      set({ active: structure, hidden: without(get().hidden, structure.key) });
    }
  },

  step: (by) => {
    const { structures, active, activate } = get();
    const at = structures.findIndex(({ key }) => key === active?.key);
    activate(structures[(at + by + structures.length) % structures.length]);
  },

  toggleHidden: (key) => set({ hidden: toggled(get().hidden, key) }),
  toggleLocked: (key) => set({ locked: toggled(get().locked, key) }),
  toggleAllHidden: () => {
    const { hidden, structures } = get();
    set({ hidden: hidden.size > 0 ? new Set() : new Set(structures.map(({ key }) => key)) });
  },
}));

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  return keys.has(key) ? without(keys, key) : new Set(keys).add(key);
}

function without(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const rest = new Set(keys);
  rest.delete(key);
  return rest;
}
