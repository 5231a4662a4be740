import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Stroke } from '../../../viewer';
import { changed_ml, type Overlap, OverlapTable } from '../compare/overlap';
import { Recount } from '../compare/recount';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';

export interface Changes {
  readonly list: readonly Overlap[];
  /** False where there is no prediction to compare with. */
  readonly isKnown: boolean;
  readonly isCounting: boolean;
  readonly current: number;
  readonly show: (at: number) => void;
  readonly walk: (by: 1 | -1) => void;
  readonly note: (stroke: Stroke) => void;
}

/** For a review: what the mask changed of the prediction, kept up to date while the reviewer fixes it. */
export function useChanges({ assignment, mask, prediction }: OpenedCase): Changes {
  const table = useMemo(
    () =>
      assignment.role === 'review' && prediction !== null
        ? new OverlapTable(prediction, mask, assignment.volume.spacing_mm)
        : null,
    [assignment, mask, prediction],
  );
  const { list, isCounting, note } = useList(table);
  const [current, setCurrent] = useState(-1);
  const show = (at: number): void => {
    const change = list[at];
    if (change === undefined || table === null) {
      return;
    }
    const { structures, activate, port } = useRead.getState();
    setCurrent(at);
    activate(structures.find(({ layer, value }) => layer === change.layer && value === change.value));
    const place = table.place(change.layer, change.value);
    if (place !== null) {
      port?.goTo(place);
    }
  };
  const walk = (by: 1 | -1): void =>
    show(current < 0 && by < 0 ? list.length - 1 : (current + by + list.length) % list.length);
  return { list, isKnown: table !== null, isCounting, current, show, walk, note };
}

/** Counted in portions while the image comes in; what a stroke changed is counted behind it, not within it. */
function useList(table: OverlapTable | null) {
  const [list, setList] = useState<readonly Overlap[]>([]);
  const [isCounting, setCounting] = useState(table !== null);
  const recount = useRef<Recount | null>(null);
  useEffect(() => {
    if (table === null) {
      return undefined;
    }
    let isGone = false;
    const show = (): void => {
      if (table.isCounted) {
        setList(changesOf(table));
        setCounting(false);
      }
    };
    recount.current = new Recount(
      (layer, k) => table.update(layer, k),
      show,
      () => isGone,
    );
    void table.count(() => isGone).then(show);
    return () => {
      isGone = true;
      recount.current = null;
    };
  }, [table]);
  const note = useCallback(({ delta }: Stroke) => recount.current?.stale(delta), []);
  return { list, isCounting, note };
}

function changesOf(table: OverlapTable): Overlap[] {
  return table.list().filter((overlap) => changed_ml(overlap) > 0);
}
