import { useCallback, useSyncExternalStore } from 'react';
import type { Ijk } from '../../../../voxels';
import { useRead } from '../../readStore';

/** Where the crosshair is; null until the viewer is there. */
export function useCrosshair(): Ijk | null {
  const port = useRead((state) => state.port);
  return useSyncExternalStore(
    useCallback((changed) => port?.views.onSlices(changed) ?? (() => undefined), [port]),
    () => port?.views.crosshair ?? null,
  );
}
