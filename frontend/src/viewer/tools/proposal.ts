/** What an operation proposed, under locks and the edit mask, cut down to what changes. Pure: it runs in the worker. */
import {
  BACKGROUND,
  type Box,
  boxBetween,
  boxVoxels,
  type EditMask,
  IGNORE,
  isStructure,
  lastOf,
  PLANE_AXIS,
  type Proposal,
  type ProposedChange,
  type Region,
  type Triple,
} from '../../voxels';

/** What the reader lets be changed. */
export interface Rules {
  readonly mask: EditMask;
  /** Per layer and value: 1 where it is locked. */
  readonly locked: readonly Uint8Array[];
}

export interface Outcome {
  readonly changes: readonly ProposedChange[];
  /** Voxels that change, counted in each layer. */
  readonly voxels: number;
  /** Voxels that the operation would change, and that locks or the edit mask keep. */
  readonly kept: number;
  /** What was done; where nothing was, why there was nothing to do. Empty where there is nothing to say. */
  readonly note: string;
}

/** The engine keeps the same rules when it writes: here they make the preview tell the truth. */
export function outcomeOf(region: Region, { changes, note = '' }: Proposal, rules: Rules): Outcome {
  const allowed = allowedIn(region, rules.mask);
  let voxels = 0;
  let kept = 0;
  const trimmedChanges: ProposedChange[] = [];
  for (const { layer, values } of changes) {
    const before = region.labels[layer];
    const locked = rules.locked[layer];
    if (before === undefined || locked === undefined) continue;
    const now = values.slice();
    const count = keepAllowed(before, now, locked, allowed);
    kept += count.kept;
    if (count.changed === 0) continue;
    voxels += count.changed;
    trimmedChanges.push(trimmed(region, layer, before, now));
  }
  // What a proposal says of its changes is not true where none of them is left.
  const isSaid = voxels > 0 || changes.length === 0;
  return { changes: trimmedChanges, voxels, kept, note: isSaid ? note : '' };
}

/** Puts back what may not change; how many voxels then do, and how many were put back. */
function keepAllowed(
  before: Uint8Array,
  now: Uint8Array,
  locked: Uint8Array,
  allowed: Uint8Array | null,
): { changed: number; kept: number } {
  let changed = 0;
  let kept = 0;
  for (let p = 0; p < now.length; p++) {
    const old = before[p] as number;
    const value = now[p] as number;
    if (old === value) continue;
    const may = locked[old] === 0 && locked[value] === 0 && value !== IGNORE;
    const ignored = old === IGNORE && value === BACKGROUND;
    if (may && !ignored && (allowed === null || allowed[p] === 1)) {
      changed += 1;
    } else {
      now[p] = old;
      kept += 1;
    }
  }
  return { changed, kept };
}

function trimmed(region: Region, layer: number, before: Uint8Array, now: Uint8Array): ProposedChange {
  const inside = changedBox(region.size, before, now);
  const [width, height, depth] = inside.size;
  const values = new Uint8Array(boxVoxels(inside));
  for (let k = 0; k < depth; k++) {
    for (let j = 0; j < height; j++) {
      const row = region.size[0] * (inside.low[1] + j + region.size[1] * (inside.low[2] + k));
      const from = row + inside.low[0];
      values.set(now.subarray(from, from + width), width * (j + height * k));
    }
  }
  const low: Triple = [
    region.low[0] + inside.low[0],
    region.low[1] + inside.low[1],
    region.low[2] + inside.low[2],
  ];
  return { layer, box: { low, size: inside.size }, values };
}

function changedBox([ni, nj, nk]: Triple, before: Uint8Array, now: Uint8Array): Box {
  const low: [number, number, number] = [ni, nj, nk];
  const high: [number, number, number] = [-1, -1, -1];
  for (let k = 0, row = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++, row += ni) {
      let i = 0;
      while (i < ni && before[row + i] === now[row + i]) i += 1;
      if (i === ni) continue;
      let last = ni - 1;
      while (before[row + last] === now[row + last]) last -= 1;
      low[0] = Math.min(low[0], i);
      high[0] = Math.max(high[0], last);
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j);
      low[2] = Math.min(low[2], k);
      high[2] = k;
    }
  }
  return boxBetween(low, high);
}

/** 1 where the edit mask lets a voxel be changed; null where it lets all. */
function allowedIn(region: Region, mask: EditMask): Uint8Array | null {
  const { bounds = null } = mask;
  if (mask.area === 'anywhere' && mask.hu === null && mask.slices === null && bounds === null) return null;
  const allowed = new Uint8Array(boxVoxels(region)).fill(1);
  if (mask.area !== 'anywhere') keepArea(allowed, region, mask);
  if (mask.hu !== null) keepHu(allowed, region.hu, mask.hu);
  if (mask.slices !== null) keepSlices(allowed, region, mask.slices);
  if (bounds !== null) keepBounds(allowed, region, bounds);
  return allowed;
}

function keepBounds(allowed: Uint8Array, region: Region, bounds: Box): void {
  const last = lastOf(bounds);
  const planes = ['sagittal', 'coronal', 'axial'] as const;
  for (const plane of planes) {
    const axis = PLANE_AXIS[plane];
    keepSlices(allowed, region, { plane, first: bounds.low[axis], last: last[axis] });
  }
}

function keepArea(allowed: Uint8Array, region: Region, { area, structures }: EditMask): void {
  const member = new Uint8Array(allowed.length);
  region.labels.forEach((labels, layer) => {
    const meant = Uint8Array.from({ length: 256 }, (_, value) => {
      if (area === 'background') return isStructure(value) ? 1 : 0;
      return structures.some((one) => one.layer === layer && one.value === value) ? 1 : 0;
    });
    for (let p = 0; p < labels.length; p++) if (meant[labels[p] as number] === 1) member[p] = 1;
  });
  const wanted = area === 'inside' ? 1 : 0;
  for (let p = 0; p < allowed.length; p++) if (member[p] !== wanted) allowed[p] = 0;
}

function keepHu(allowed: Uint8Array, hu: Int16Array | null, [low, high]: readonly [number, number]): void {
  if (hu === null) throw new Error('A mask by HU needs the scan.');
  for (let p = 0; p < allowed.length; p++) {
    const value = hu[p] as number;
    if (value < low || value > high) allowed[p] = 0;
  }
}

function keepSlices(
  allowed: Uint8Array,
  { low, size }: Region,
  { plane, first, last }: NonNullable<EditMask['slices']>,
): void {
  const axis = PLANE_AXIS[plane];
  const [ni, nj] = size;
  const stride = axis === 0 ? 1 : axis === 1 ? ni : ni * nj;
  for (let p = 0; p < allowed.length; p++) {
    const index = low[axis] + (Math.floor(p / stride) % size[axis]);
    if (index < first || index > last) allowed[p] = 0;
  }
}
