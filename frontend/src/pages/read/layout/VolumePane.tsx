import { useEffect, useRef, useState } from 'react';
import type { SurfaceState } from '../../../viewer';
import { useRead } from '../readStore';
import { placeOf } from './layouts';
import classes from './VolumePane.module.css';

/** The surfaces in 3-D; mounted only while it is seen, because it needs memory and work. */
export function VolumePane() {
  const element = useRef<HTMLElement>(null);
  const port = useRead((state) => state.port);
  const isSeen = useRead(({ layout, single, maximised }) => {
    const place = placeOf('volume', layout, single, maximised);
    return place === 'all' || (place !== null && maximised === null);
  });
  const surfaces = useSurfaces();
  useEffect(() => {
    if (port === null || !isSeen) {
      return undefined;
    }
    port.views.mountVolume(element.current);
    return () => port.views.mountVolume(null);
  }, [port, isSeen]);
  return (
    <>
      <figure
        ref={element}
        className={classes.volume}
        aria-label="Structures in 3-D"
        data-testid="volume"
        onDoubleClick={toggleMaximised}
      />
      {isSeen && surfaces !== null && surfaces.pending > 0 && (
        <span className={classes.progress} role="status">
          Surfaces: {surfaces.total - surfaces.pending} of {surfaces.total}
        </span>
      )}
    </>
  );
}

function useSurfaces(): SurfaceState | null {
  const port = useRead((state) => state.port);
  const [surfaces, setSurfaces] = useState<SurfaceState | null>(null);
  useEffect(() => port?.views.onSurfaces(setSurfaces), [port]);
  return surfaces;
}

function toggleMaximised(): void {
  const { maximised, set } = useRead.getState();
  set({ maximised: maximised === 'volume' ? null : 'volume' });
}
