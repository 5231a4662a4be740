import { useEffect, useMemo } from 'react';
import { fetchRegions, fetchUncertainty, type SuspiciousRegion } from '../../../api';
import type { ViewerPort } from '../../../viewer';
import { type Box, lastOf } from '../../../voxels';
import { lend } from '../keys/handlers';
import { askedBox } from '../layout/asked';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { DoneMarks } from './doneMarks';
import { useGuidanceStore } from './guidanceStore';
import { reasonSentence } from './regions';

/** Fetches what the model was unsure of, and lends the walk through it to the keys. */
export function useGuidance({ assignment }: OpenedCase, username: string): void {
  const prediction = assignment.prediction_mask?.id ?? null;
  const bounds = useMemo(() => askedBox(assignment), [assignment]);
  useEffect(() => {
    const { begin, walk } = useGuidanceStore.getState();
    begin(prediction === null ? null : new DoneMarks(username, prediction));
    const giveBack = lend({ walkRegions: walk, toggleHeatMap });
    let isGone = false;
    void loadRegions(prediction, bounds, () => isGone);
    return () => {
      isGone = true;
      giveBack();
    };
  }, [prediction, bounds, username]);
  useHeatMap(prediction);
}

export function toggleHeatMap(): void {
  const { isHeatShown, setHeat } = useGuidanceStore.getState();
  setHeat({ isHeatShown: !isHeatShown });
}

async function loadRegions(
  prediction: string | null,
  bounds: Box | null,
  isGone: () => boolean,
): Promise<void> {
  const { give, fail } = useGuidanceStore.getState();
  if (prediction === null) {
    give([], 'This case is drawn from scratch: there is no prediction to be unsure.');
    return;
  }
  try {
    const { regions: all, sentence } = await fetchRegions(prediction);
    const regions = all.filter((region) => isAskedFor(region, bounds));
    if (!isGone()) {
      give(regions, sentence);
      useRead.getState().set({ warnings: warningsOf(regions) });
    }
  } catch (error) {
    if (!isGone()) fail(error instanceof Error ? error.message : String(error));
  }
}

/** What lies elsewhere cannot be corrected, and what has no place is said of the whole scan. */
export function isAskedFor({ centre_ijk: centre }: SuspiciousRegion, bounds: Box | null): boolean {
  if (bounds === null) return true;
  const { low } = bounds;
  const last = lastOf(bounds);
  return centre?.every((at, axis) => at >= (low[axis] as number) && at <= (last[axis] as number)) ?? false;
}

/** The first, most suspicious, reason of each structure. */
function warningsOf(regions: readonly SuspiciousRegion[]): ReadonlyMap<string, string> {
  const { structures } = useRead.getState();
  const warnings = new Map<string, string>();
  for (const region of regions) {
    const key = structures.find(
      ({ layer, value }) => layer === region.layer && value === region.structure,
    )?.key;
    if (key !== undefined && !warnings.has(key)) {
      warnings.set(key, reasonSentence(region));
    }
  }
  return warnings;
}

/** The rails need the map also while it is not drawn over the planes. */
function useHeatMap(prediction: string | null): void {
  const port = useRead((state) => state.port);
  const isShown = useGuidanceStore((state) => state.isHeatShown);
  const opacity = useGuidanceStore((state) => state.heatOpacity);
  useEffect(() => {
    let isGone = false;
    if (port !== null && prediction !== null) {
      void giveHeatMap(port, prediction, () => isGone);
    }
    return () => {
      isGone = true;
    };
  }, [port, prediction]);
  useEffect(() => port?.views.showHeatMap(isShown, opacity), [port, isShown, opacity]);
}

async function giveHeatMap(port: ViewerPort, prediction: string, isGone: () => boolean): Promise<void> {
  const { setHeat } = useGuidanceStore.getState();
  setHeat({ hasHeat: false });
  try {
    const map = await fetchUncertainty(prediction);
    if (!isGone()) {
      port.views.setHeatMap(map);
      setHeat({ hasHeat: true });
    }
  } catch {
    // A prediction that was made without a map: the switch stays off and says so.
  }
}
