import { useEffect, useMemo, useState } from 'react';
import type { ViewerPort } from '../../../viewer';
import type { LabelMap } from '../../../voxels';
import { lend } from '../keys/handlers';
import { MaskShelf } from '../masks/maskShelf';
import type { OpenedCase } from '../openCase';
import { structureOf } from '../proposal/takeStructure';
import { useRead } from '../readStore';
import { type How, useCompareStore } from './compareStore';
import { OverlapTable } from './overlap';
import { Recount } from './recount';
import { type Source, sourceWords, usualBase } from './sources';

/** Fetches, draws and counts what the comparison says, and follows the strokes meanwhile. */
export function useCompare(opened: OpenedCase): void {
  const port = useRead((state) => state.port);
  const masks = useMasks(opened);
  useDrawn(opened, port, masks);
  useCounted(opened, port, masks);
  useTake(opened, port, masks);
  useDifferenceGivesWay();
  useEffect(() => {
    const { toggleBeside, forget } = useCompareStore.getState();
    const giveBack = lend({ toggleBeside: () => toggleBeside(usualBase(opened.assignment)) });
    return () => {
      giveBack();
      forget();
    };
  }, [opened]);
}

/** The masks as they lie in memory: what is drawn on is never copied. */
interface Masks {
  readonly shown: LabelMap;
  readonly base: LabelMap | null;
  readonly sources: readonly [shown: Source, base: Source | null];
}

function useMasks(opened: OpenedCase): Masks | null {
  const shelf = useMemo(() => new MaskShelf(opened), [opened]);
  const shown = useCompareStore(({ comparison }) => comparison?.shown ?? null);
  const base = useCompareStore(({ comparison }) => comparison?.base ?? null);
  const [masks, setMasks] = useState<Masks | null>(null);
  useEffect(() => {
    if (shown === null) {
      return undefined;
    }
    let isGone = false;
    const { tell } = useCompareStore.getState();
    tell({ progress: { kind: 'fetching' }, rows: null });
    Promise.all([shelf.get(shown), base === null ? null : shelf.get(base)]).then(
      ([one, other]) => isGone || setMasks({ shown: one, base: other, sources: [shown, base] }),
      (error: unknown) => isGone || tell({ progress: { kind: 'failed', sentence: sentenceOf(error) } }),
    );
    return () => {
      isGone = true;
      setMasks(null);
    };
  }, [shelf, shown, base]);
  // Others may have been chosen since these came.
  return masks?.sources[0] === shown && masks.sources[1] === base ? masks : null;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function useDrawn(opened: OpenedCase, port: ViewerPort | null, masks: Masks | null): void {
  const how = useCompareStore(({ comparison }) => comparison?.how ?? null);
  useEffect(() => {
    if (port === null || masks === null || how === null) {
      return undefined;
    }
    draw(opened, port, masks, how);
    return () => takeAway(port, opened);
  }, [opened, port, masks, how]);
}

function draw({ assignment }: OpenedCase, port: ViewerPort, { shown, base, sources }: Masks, how: How): void {
  const isOwn = sources[0].kind === 'mine';
  // Side by side, each side has its name above.
  const note = isOwn || how === 'beside' ? '' : `${sourceWords(sources[0], assignment)} · to look at`;
  port.views.showInstead(isOwn ? null : shown, note);
  port.views.compareWith(base, how);
}

/** While the own mask is held against a proposal, single structures can be taken over from it. */
function useTake({ assignment, mask }: OpenedCase, port: ViewerPort | null, masks: Masks | null): void {
  useEffect(() => {
    const proposed = masks?.sources[1]?.kind === 'proposal' ? masks.base : null;
    if (port === null || proposed === null || masks?.shown !== mask || !assignment.editable) {
      return undefined;
    }
    const { tell } = useCompareStore.getState();
    const take = (layer: number, value: number): void => {
      const edit = structureOf(mask, proposed, { layer, value });
      const record = edit === null ? null : port.engine.apply(edit);
      if (record !== null) port.noteDone(record);
    };
    tell({ take });
    return () => tell({ take: null });
  }, [assignment, mask, port, masks]);
}

function useCounted(opened: OpenedCase, port: ViewerPort | null, masks: Masks | null): void {
  useEffect(() => {
    if (port === null || masks === null) {
      return undefined;
    }
    const stop = new AbortController();
    count(opened, port, masks, stop.signal).catch((error: unknown) =>
      useCompareStore.getState().tell({ progress: { kind: 'failed', sentence: sentenceOf(error) } }),
    );
    return () => stop.abort();
  }, [opened, port, masks]);
}

async function count(
  { assignment, mask }: OpenedCase,
  port: ViewerPort,
  { shown, base }: Masks,
  signal: AbortSignal,
): Promise<void> {
  const { tell } = useCompareStore.getState();
  if (base === null) {
    tell({ progress: { kind: 'ready' } });
    return;
  }
  tell({ progress: { kind: 'counting' } });
  const table = new OverlapTable(base, shown, assignment.volume.spacing_mm);
  if (shown === mask || base === mask) {
    follow(port, table, signal);
  }
  if (await table.count(() => signal.aborted)) {
    const place: OverlapTable['place'] = (layer, value) => table.place(layer, value);
    tell({ progress: { kind: 'ready' }, rows: table.list(), place });
  }
}

/** Counts anew what each stroke changed; a sphere changes many slices, and the next stroke must not wait for them. */
function follow(port: ViewerPort, table: OverlapTable, signal: AbortSignal): void {
  const recount = new Recount(
    (layer, k) => table.update(layer, k),
    () => table.isCounted && useCompareStore.getState().tell({ rows: table.list() }),
    () => signal.aborted,
  );
  const stop = port.onStroke(({ delta }) => recount.stale(delta));
  signal.addEventListener('abort', stop);
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
