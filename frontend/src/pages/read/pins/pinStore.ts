/** The pins of the open case; every change goes to the server and comes back from there. */

import { create } from 'zustand';
import {
  type Assignment,
  deletePin,
  dropPin,
  type ErrorCode,
  fetchPins,
  type Pin,
  replyToPin,
  setPinState,
} from '../../../api';
import { type Ijk, indexToLps, lps, lpsToIndex, nearestVoxel } from '../../../voxels';
import { useRead } from '../readStore';

type Case = Pick<Assignment, 'id' | 'volume'>;

interface PinState {
  readonly of: Case | null;
  /** Null until they are there. */
  readonly pins: readonly Pin[] | null;
  /** The pin that is looked at. */
  readonly current: number | null;
  readonly problem: string | null;
  readonly load: (of: Case) => Promise<void>;
  readonly close: () => void;
  readonly show: (pin: Pin) => void;
  readonly walk: (by: 1 | -1) => void;
  /** At the crosshair, on the active structure. True when it is kept. */
  readonly drop: (error_code: ErrorCode, text: string) => Promise<boolean>;
  readonly reply: (pin: Pin, text: string) => Promise<boolean>;
  readonly resolve: (pin: Pin, state: Pin['state']) => Promise<boolean>;
  readonly remove: (pin: Pin) => Promise<boolean>;
}

const NOTHING = { of: null, pins: null, current: null, problem: null } as const;

export const usePinStore = create<PinState>((set, get) => {
  /** What the server answers takes the place of what was there; what it refuses is told. */
  const attempt = async (ask: () => Promise<Pin | number>): Promise<boolean> => {
    const { of } = get();
    set({ problem: null });
    try {
      const answer = await ask();
      if (get().of === of) set({ pins: changed(get().pins ?? [], answer) });
      return true;
    } catch (error) {
      if (get().of === of) set({ problem: error instanceof Error ? error.message : String(error) });
      return false;
    }
  };
  return {
    ...NOTHING,

    load: async (of) => {
      set({ ...NOTHING, of });
      try {
        const pins = await fetchPins(of.id);
        if (get().of === of) set({ pins });
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        if (get().of === of) set({ pins: [], problem });
      }
    },

    close: () => set(NOTHING),

    show: (pin) => {
      const { structures, activate, port } = useRead.getState();
      set({ current: pin.id });
      activate(structures.find(({ key }) => key === pin.structure));
      const { of } = get();
      if (of !== null) port?.goTo(placeOf(pin, of.volume));
    },

    walk: (by) => {
      const { pins, current, show } = get();
      const open = (pins ?? []).filter(({ id, state }) => state === 'open' || id === current);
      const at = open.findIndex(({ id }) => id === current);
      const next = open[(at + by + open.length) % open.length];
      if (next !== undefined) show(next);
    },

    drop: async (error_code, text) => {
      const { of } = get();
      const { active, port } = useRead.getState();
      if (of === null || active === null || port === null) return false;
      const point_lps = indexToLps(of.volume, port.views.crosshair);
      const isKept = await attempt(() =>
        dropPin(of.id, { structure: active.key, point_lps, error_code, text }),
      );
      if (isKept) set({ current: get().pins?.at(-1)?.id ?? null });
      return isKept;
    },

    reply: (pin, text) => attempt(() => replyToPin(pin.id, text)),
    resolve: (pin, state) => attempt(() => setPinState(pin.id, state)),
    remove: (pin) => attempt(() => deletePin(pin.id).then(() => pin.id)),
  };
});

/** A pin in the place of its older self or at the end; a number takes that pin away. */
export function changed(pins: readonly Pin[], answer: Pin | number): readonly Pin[] {
  if (typeof answer === 'number') return pins.filter(({ id }) => id !== answer);
  const isKnown = pins.some(({ id }) => id === answer.id);
  return isKnown ? pins.map((pin) => (pin.id === answer.id ? answer : pin)) : [...pins, answer];
}

export function placeOf({ point_lps: [x, y, z] }: Pin, volume: Assignment['volume']): Ijk {
  return nearestVoxel(volume.shape, lpsToIndex(volume, lps(x, y, z)));
}

export function firstOpen(pins: readonly Pin[] | null): Pin | null {
  return pins?.find(({ state }) => state === 'open') ?? null;
}
