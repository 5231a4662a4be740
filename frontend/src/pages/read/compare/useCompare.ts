import { useEffect, useMemo } from 'react';
import type { ViewerPort } from '../../../viewer';
import type { LabelMap } from '../../../voxels';
import { MaskShelf } from '../masks/maskShelf';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { type Comparison, useCompareStore } from './compareStore';
import { OverlapTable } from './overlap';
import { type Source, sourceWords } from './sources';

/** Fetches, draws and counts what the comparison says, and follows the strokes meanwhile. */
export function useCompare(opened: OpenedCase): void {
  const port = useRead((state) => state.port);
  const comparison = useCompareStore((state) => state.comparison);
  const shelf = useMemo(() => new MaskShelf(opened), [opened]);
  useDifferenceGivesWay();
  useEffect(() => () => useCompareStore.getState().stop(), []);
  useEffect(() => {
    if (port === null || comparison === null) {
      return undefined;
    }
    const stop = new AbortController();
    void compare({ opened, port, shelf, comparison, signal: stop.signal });
    return () => {
      stop.abort();
      takeAway(port, opened);
    };
  }, [port, comparison, shelf, opened]);
}

interface Work {
  readonly opened: OpenedCase;
  readonly port: ViewerPort;
  readonly shelf: MaskShelf;
  readonly comparison: Comparison;
  readonly signal: AbortSignal;
}

async function compare(work: Work): Promise<void> {
  const { shelf, comparison, signal } = work;
  const { tell } = useCompareStore.getState();
  tell({ progress: { kind: 'fetching' }, rows: null });
  try {
    const [shown, base] = await Promise.all([
      shelf.get(comparison.shown),
      comparison.base === null ? null : shelf.get(comparison.base),
    ]);
    if (!signal.aborted) {
      draw(work, shown, base);
      await count(work, shown, base);
    }
  } catch (error) {
    if (!signal.aborted) {
      const sentence = error instanceof Error ? error.message : String(error);
      tell({ progress: { kind: 'failed', sentence } });
    }
  }
}

function draw({ port, opened, comparison }: Work, shown: LabelMap, base: LabelMap | null): void {
  const words = (source: Source): string => sourceWords(source, opened.assignment);
  const isOwn = comparison.shown.kind === 'mine';
  port.views.showInstead(isOwn ? null : shown, isOwn ? '' : `${words(comparison.shown)} · to look at`);
  port.views.compareWith(base, comparison.how);
}

async function count({ opened, port, signal }: Work, shown: LabelMap, base: LabelMap | null): Promise<void> {
  const { tell } = useCompareStore.getState();
  if (base === null) {
    tell({ progress: { kind: 'ready' } });
    return;
  }
  tell({ progress: { kind: 'counting' } });
  const table = new OverlapTable(base, shown, opened.assignment.volume.spacing_mm);
  const stop = shown === opened.mask || base === opened.mask ? follow(port, table) : () => undefined;
  signal.addEventListener('abort', stop);
  if (await table.count(() => signal.aborted)) {
    const place: OverlapTable['place'] = (layer, value) => table.place(layer, value);
    tell({ progress: { kind: 'ready' }, rows: table.list(), place });
  }
}

/** Counts anew what each stroke changed. */
function follow(port: ViewerPort, table: OverlapTable): () => void {
  return port.onStroke(({ delta }) => {
    for (const { layer, k } of delta) {
      table.update(layer, k);
    }
    if (table.isCounted) {
      useCompareStore.getState().tell({ rows: table.list() });
    }
  });
}

/** All planes to where this structure differs most. */
export function goToChange(layer: number, value: number): void {
  const { structures, activate, port } = useRead.getState();
  activate(structures.find((structure) => structure.layer === layer && structure.value === value));
  const at = useCompareStore.getState().place(layer, value);
  if (at !== null) {
    port?.goTo(at);
  }
}

/** What the page draws when nothing is compared: the mask, or its difference to the prediction. */
function takeAway(port: ViewerPort, { prediction }: OpenedCase): void {
  port.views.showInstead(null, '');
  port.showDifference(useRead.getState().difference ? prediction : null);
}

/** The switch for the difference to the prediction ends a comparison: both draw in the same place. */
function useDifferenceGivesWay(): void {
  useEffect(
    () =>
      useRead.subscribe((now, before) => {
        if (now.difference !== before.difference) {
          useCompareStore.getState().stop();
        }
      }),
    [],
  );
}
