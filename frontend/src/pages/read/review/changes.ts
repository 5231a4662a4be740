/** How much of each structure a mask adds to a base and takes away from it, and where most of it lies. */

import { type Ijk, ijk, isStructure, type LabelMap, type Triple } from '../../../voxels';

export interface StructureChange {
  readonly layer: number;
  readonly value: number;
  readonly added_ml: number;
  readonly removed_ml: number;
}

interface Tally {
  added: number;
  removed: number;
}

export class ChangeTable {
  readonly #base: LabelMap;
  readonly #own: LabelMap;
  readonly #voxel_ml: number;
  /** Per layer and slice: voxels by structure; slices without a difference have no entry. */
  readonly #slices: Map<number, Map<number, Tally>>[];

  constructor(base: LabelMap, own: LabelMap, spacing_mm: Triple) {
    this.#base = base;
    this.#own = own;
    this.#voxel_ml = (spacing_mm[0] * spacing_mm[1] * spacing_mm[2]) / 1000;
    this.#slices = own.layers.map(() => new Map());
    for (let layer = 0; layer < own.layers.length; layer++) {
      for (let k = 0; k < own.shape[2]; k++) {
        this.update(layer, k);
      }
    }
  }

  /** Counts one slice anew, after a stroke in it. */
  update(layer: number, k: number): void {
    const before = this.#base.layers[layer]?.[k];
    const after = this.#own.layers[layer]?.[k];
    if (before === undefined || after === undefined) {
      return;
    }
    const tallies = compare(before, after);
    if (tallies.size > 0) {
      this.#slices[layer]?.set(k, tallies);
    } else {
      this.#slices[layer]?.delete(k);
    }
  }

  /** The structures that differ, most changed volume first. */
  list(): StructureChange[] {
    const changes = this.#slices.flatMap((slices, layer) =>
      [...totals(slices)].map(([value, { added, removed }]) => ({
        layer,
        value,
        added_ml: added * this.#voxel_ml,
        removed_ml: removed * this.#voxel_ml,
      })),
    );
    return changes.sort((a, b) => b.added_ml + b.removed_ml - a.added_ml - a.removed_ml);
  }

  /** A changed voxel in the middle of the slice where this structure changed most. */
  place(layer: number, value: number): Ijk | null {
    let most = 0;
    let at = -1;
    for (const [k, tallies] of this.#slices[layer] ?? []) {
      const { added, removed } = tallies.get(value) ?? { added: 0, removed: 0 };
      if (added + removed > most) {
        most = added + removed;
        at = k;
      }
    }
    return at < 0 ? null : this.#middle(layer, value, at);
  }

  #middle(layer: number, value: number, k: number): Ijk {
    const before = this.#base.layers[layer]?.[k] ?? new Uint8Array();
    const after = this.#own.layers[layer]?.[k] ?? new Uint8Array();
    const ni = this.#own.shape[0];
    const changed: number[] = [];
    before.forEach((old, p) => {
      if (old !== after[p] && (old === value || after[p] === value)) {
        changed.push(p);
      }
    });
    const i = mean(changed.map((p) => p % ni));
    const j = mean(changed.map((p) => Math.floor(p / ni)));
    // The mean of a ring is its hole: take the changed voxel next to it.
    const distance = (p: number): number => ((p % ni) - i) ** 2 + (Math.floor(p / ni) - j) ** 2;
    const nearest = changed.reduce((best, p) => (distance(p) < distance(best) ? p : best));
    return ijk(nearest % ni, Math.floor(nearest / ni), k);
  }
}

function compare(before: Uint8Array, after: Uint8Array): Map<number, Tally> {
  const tallies = new Map<number, Tally>();
  for (let p = 0; p < after.length; p++) {
    const old = before[p] as number;
    const now = after[p] as number;
    if (old === now) {
      continue;
    }
    if (isStructure(now)) {
      tallyOf(tallies, now).added += 1;
    }
    if (isStructure(old)) {
      tallyOf(tallies, old).removed += 1;
    }
  }
  return tallies;
}

function tallyOf(tallies: Map<number, Tally>, value: number): Tally {
  let tally = tallies.get(value);
  if (tally === undefined) {
    tally = { added: 0, removed: 0 };
    tallies.set(value, tally);
  }
  return tally;
}

function totals(slices: Map<number, Map<number, Tally>>): Map<number, Tally> {
  const sums = new Map<number, Tally>();
  for (const tallies of slices.values()) {
    for (const [value, { added, removed }] of tallies) {
      const sum = tallyOf(sums, value);
      sum.added += added;
      sum.removed += removed;
    }
  }
  return sums;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}
