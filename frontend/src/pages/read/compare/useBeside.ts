import { useEffect } from 'react';
import type { Pane } from '../../../viewer';
import type { Plane } from '../../../voxels';
import { mainPlane } from '../layout/layouts';
import { useRead } from '../readStore';
import { isBeside, useCompareStore } from './compareStore';

/** The plane that is shown twice now; null: each once, as the layout says. */
export function useBesidePlane(): Plane | null {
  const isOn = useCompareStore(({ comparison }) => isBeside(comparison));
  const chosen = useCompareStore(({ plane }) => plane);
  const main = useRead(({ layout, single }) => mainPlane(layout, single));
  return isOn ? (chosen ?? main) : null;
}

/** Two planes side by side take the place of one over all, and give it back. */
export function useRoomBeside(): void {
  const isOn = useCompareStore(({ comparison }) => isBeside(comparison));
  useEffect(() => {
    if (!isOn) {
      return undefined;
    }
    const { tell } = useCompareStore.getState();
    const { maximised } = useRead.getState();
    if (maximised !== null && maximised !== 'volume') {
      tell({ plane: maximised });
    }
    maximise(null);
    return () => {
      tell({ plane: null });
      maximise(maximised);
    };
  }, [isOn]);
}

function maximise(pane: Pane | null): void {
  const { port, set } = useRead.getState();
  if (port !== null) {
    port.maximise(pane === 'volume' ? null : pane);
    set({ maximised: pane });
  }
}
