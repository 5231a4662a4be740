import { useCallback, useMemo, useState } from 'react';
import type { Stroke } from '../../../viewer';
import type { Ijk } from '../../../voxels';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { ChangeTable, type StructureChange } from './changes';

export interface Changes {
  readonly list: readonly StructureChange[];
  readonly isKnown: boolean;
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
        ? new ChangeTable(prediction, mask, assignment.volume.spacing_mm)
        : null,
    [assignment, mask, prediction],
  );
  const [list, setList] = useState<readonly StructureChange[]>(() => table?.list() ?? []);
  const [current, setCurrent] = useState(-1);
  const show = (at: number): void => {
    const change = list[at];
    if (change === undefined || table === null) {
      return;
    }
    const { structures, activate, port } = useRead.getState();
    setCurrent(at);
    activate(structures.find(({ layer, value }) => layer === change.layer && value === change.value));
    const place: Ijk | null = table.place(change.layer, change.value);
    if (place !== null) {
      port?.goTo(place);
    }
  };
  const note = useCallback(
    (stroke: Stroke) => {
      if (table !== null) {
        for (const { layer, k } of stroke.delta) {
          table.update(layer, k);
        }
        setList(table.list());
      }
    },
    [table],
  );
  const walk = (by: 1 | -1): void =>
    show(current < 0 && by < 0 ? list.length - 1 : (current + by + list.length) % list.length);
  return { list, isKnown: table !== null, current, show, walk, note };
}
