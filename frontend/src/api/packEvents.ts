import type { EditEvent } from './types';

/** Events of one tool and layer, one after another: structure, voxels added, voxels removed. */
export interface EventGroup {
  readonly tool: string;
  readonly layer: number;
  readonly changes: readonly (readonly [structure: number, added: number, removed: number])[];
}

export function packEvents(events: readonly EditEvent[]): (EditEvent | EventGroup)[] {
  const groups: EditEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last?.[0]?.tool === event.tool && last[0].layer === event.layer) last.push(event);
    else groups.push([event]);
  }
  return groups.flatMap((group): (EditEvent | EventGroup)[] => {
    const [first] = group;
    if (first === undefined || group.length === 1) return group;
    const changes = group.map(({ structure, added, removed }) => [structure, added, removed] as const);
    return [{ tool: first.tool, layer: first.layer, changes }];
  });
}

/** Inverse of packEvents. */
export function unpackEvents(entries: readonly (EditEvent | EventGroup)[]): EditEvent[] {
  return entries.flatMap((entry) => {
    if (!('changes' in entry)) return [entry];
    const { tool, layer, changes } = entry;
    return changes.map(([structure, added, removed]) => ({ tool, layer, structure, added, removed }));
  });
}
