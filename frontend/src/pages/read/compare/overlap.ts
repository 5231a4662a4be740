/** How far two masks of one scan agree, structure by structure, and where they differ most. */

import { type Ijk, ijk, isStructure, type LabelMap, requireSameGrid, type Triple } from '../../../voxels';
import { inPortions } from '../masks/portions';

export interface Overlap {
  readonly layer: number;
  readonly value: number;
  readonly first_ml: number;
  readonly second_ml: number;
  /** In the second and not in the first. */
  readonly added_ml: number;
  /** In the first and not in the second. */
  readonly removed_ml: number;
  /** Null where neither mask has the structure: there is nothing to agree on. */
  readonly dice: number | null;
}

/** Voxels of one structure. */
interface Tally {
  first: number;
  second: number;
  both: number;
}

type SliceTallies = ReadonlyMap<number, Tally>;

const NONE: SliceTallies = new Map();

// One slice is counted at a time: the counts of the three sets, by value.
const FIRST = new Uint32Array(256);
const SECOND = new Uint32Array(256);
const BOTH = new Uint32Array(256);

export class OverlapTable {
  readonly #first: LabelMap;
  readonly #second: LabelMap;
  readonly #voxel_ml: number;
  /** Per layer and slice. */
  readonly #slices: Map<number, SliceTallies>[];
  /** Per layer, the sums over its slices: read after every stroke. */
  readonly #totals: Map<number, Tally>[];
  #isCounted = false;

  /** Counts nothing yet. Throws a RangeError where the masks belong to different scans. */
  constructor(first: LabelMap, second: LabelMap, spacing_mm: Triple) {
    requireSameGrid(first, second);
    this.#first = first;
    this.#second = second;
    this.#voxel_ml = (spacing_mm[0] * spacing_mm[1] * spacing_mm[2]) / 1000;
    this.#slices = first.layers.map(() => new Map());
    this.#totals = first.layers.map(() => new Map());
  }

  /** Counts every slice, in portions. False where it was stopped. */
  async count(isGone?: () => boolean): Promise<boolean> {
    const slices = this.#first.shape[2];
    const steps = slices * this.#first.layers.length;
    const count = (at: number): void => this.update(Math.floor(at / slices), at % slices);
    this.#isCounted = await inPortions(steps, count, isGone);
    return this.#isCounted;
  }

  /** Whether every slice has been counted; until then the figures are too small. */
  get isCounted(): boolean {
    return this.#isCounted;
  }

  /** Counts one slice anew, after a stroke in it. */
  update(layer: number, k: number): void {
    const first = this.#first.layers[layer]?.[k];
    const second = this.#second.layers[layer]?.[k];
    if (first === undefined || second === undefined) {
      return;
    }
    const slices = this.#slices[layer];
    const totals = this.#totals[layer];
    if (slices !== undefined && totals !== undefined) {
      const tallies = tallySlice(first, second);
      addTo(totals, slices.get(k) ?? NONE, -1);
      addTo(totals, tallies, 1);
      slices.set(k, tallies);
    }
  }

  /** Every structure that either mask has, most changed volume first. */
  list(): Overlap[] {
    const rows = this.#totals.flatMap((totals, layer) =>
      [...totals]
        .filter(([, { first, second }]) => first + second > 0)
        .map(([value, tally]) => this.#rowOf(layer, value, tally)),
    );
    return rows.sort((a, b) => changed_ml(b) - changed_ml(a) || a.layer - b.layer || a.value - b.value);
  }

  /** A changed voxel in the middle of the slice where this structure differs most; null where it does not. */
  place(layer: number, value: number): Ijk | null {
    let most = 0;
    let at = -1;
    for (const [k, tallies] of this.#slices[layer] ?? []) {
      const tally = tallies.get(value);
      const changed = tally === undefined ? 0 : tally.first + tally.second - 2 * tally.both;
      if (changed > most) {
        most = changed;
        at = k;
      }
    }
    return at < 0 ? null : this.#middle(layer, value, at);
  }

  #rowOf(layer: number, value: number, { first, second, both }: Tally): Overlap {
    return {
      layer,
      value,
      first_ml: first * this.#voxel_ml,
      second_ml: second * this.#voxel_ml,
      added_ml: (second - both) * this.#voxel_ml,
      removed_ml: (first - both) * this.#voxel_ml,
      dice: first + second === 0 ? null : (2 * both) / (first + second),
    };
  }

  #middle(layer: number, value: number, k: number): Ijk {
    const first = this.#first.layers[layer]?.[k] ?? new Uint8Array();
    const second = this.#second.layers[layer]?.[k] ?? new Uint8Array();
    const ni = this.#first.shape[0];
    const changed: number[] = [];
    first.forEach((old, p) => {
      if (old !== second[p] && (old === value || second[p] === value)) {
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

export function changed_ml({ added_ml, removed_ml }: Overlap): number {
  return added_ml + removed_ml;
}

function tallySlice(first: Uint8Array, second: Uint8Array): SliceTallies {
  FIRST.fill(0);
  SECOND.fill(0);
  BOTH.fill(0);
  for (let p = 0; p < first.length; p++) {
    const a = first[p] as number;
    const b = second[p] as number;
    if ((a | b) === 0) {
      continue;
    }
    FIRST[a] = (FIRST[a] as number) + 1;
    SECOND[b] = (SECOND[b] as number) + 1;
    if (a === b) {
      BOTH[a] = (BOTH[a] as number) + 1;
    }
  }
  return collected();
}

function collected(): SliceTallies {
  const tallies = new Map<number, Tally>();
  for (let value = 1; value < 255; value++) {
    const first = FIRST[value] as number;
    const second = SECOND[value] as number;
    if (isStructure(value) && first + second > 0) {
      tallies.set(value, { first, second, both: BOTH[value] as number });
    }
  }
  return tallies;
}

function addTo(totals: Map<number, Tally>, tallies: SliceTallies, sign: 1 | -1): void {
  for (const [value, { first, second, both }] of tallies) {
    const sum = totals.get(value) ?? { first: 0, second: 0, both: 0 };
    totals.set(value, sum);
    sum.first += sign * first;
    sum.second += sign * second;
    sum.both += sign * both;
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
}
