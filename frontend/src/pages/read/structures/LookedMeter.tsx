import { useEffect } from 'react';
import { create } from 'zustand';
import type { Structure } from '../../../api';
import type { ViewerPort } from '../../../viewer';
import { useRead } from '../readStore';
import classes from './StructureList.module.css';

/** Rises when marks of the rails changed, so a few times a second at most. */
const useRailCount = create(() => ({ count: 0 }));

/** Mounted once, above the list. */
export function LookedMeter() {
  const port = useRead((state) => state.port);
  useEffect(
    () => port?.views.onRails(() => useRailCount.setState(({ count }) => ({ count: count + 1 }))),
    [port],
  );
  const percent = useRailCount(({ count }) => (count >= 0 ? allPercent(port) : null));
  return (
    <span className={classes.all} title="How much of all structures was looked at, slice by slice">
      {percent === null ? '' : `looked ${percent} %`}
    </span>
  );
}

/** Mean over the structures that are there. */
function allPercent(port: ViewerPort | null): number | null {
  if (port === null) {
    return null;
  }
  const shares = useRead
    .getState()
    .structures.map(({ layer, value }) => port.views.lookedShare({ layer, value }))
    .filter((share) => share !== null);
  return shares.length === 0
    ? null
    : percentOf(shares.reduce((sum, share) => sum + share, 0) / shares.length);
}

/** Null where the structure has no voxel, and before the viewer is there. */
export function useLookedPercent({ layer, value }: Structure): number | null {
  const port = useRead((state) => state.port);
  return useRailCount(({ count }) => {
    const share = count >= 0 ? (port?.views.lookedShare({ layer, value }) ?? null) : null;
    return share === null ? null : percentOf(share);
  });
}

/** All is said only of all: 99.6 % is not looked at everywhere. */
function percentOf(share: number): number {
  return Math.floor(share * 100);
}
