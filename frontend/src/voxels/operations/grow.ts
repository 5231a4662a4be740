/**
 * Grow from seeds: every voxel of a box goes to the structure, or the background, whose seeds reach it at the
 * least cost. A step to one of the 26 neighbours costs the difference in HU plus `locality` for every mm.
 *
 * This is where the GrowCut automaton settles, found as shortest paths from all seeds at once: Zhu, Kolesov, Gao,
 * Kikinis, Tannenbaum, An Effective Interactive Medical Image Segmentation Method using Fast GrowCut, MICCAI
 * workshop on interactive medical image computing, 2014. Costs are whole sixteenths of an HU, so the queue is a
 * ring of buckets. Seeds stay as they are; nothing that is labelled already is changed.
 */
import { type Box, boxVoxels, grown, intersection } from '../box';
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';
import { isStructure } from '../labelMap';
import { closeIslands } from './growIslands';
import { BucketQueue } from './growQueue';
import { eachRow, FIRST_SEED, NOBODY, type SeedGrid, seedGrid, WALL } from './growSeeds';
import {
  type About,
  type Context,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operation';

export interface GrowParams {
  readonly seeds: readonly StructureRef[];
  /** Whether the background grows as well, from the sides of the box and from the structures that are not seeds. */
  readonly background: boolean;
  /** Where to grow; null for the box of the seeds with `margin_mm` around it. */
  readonly box: Box | null;
  readonly margin_mm: number;
  /** HU that a mm of distance costs: 0 looks at the image only, more keeps growth near its seeds. */
  readonly locality: number;
  /** Pieces smaller than this that hang on their structure by corners only go to what surrounds them; 0 for none. */
  readonly islands_below_voxels: number;
}

export const grow: Operation<GrowParams> = { needs, run };

const MOST_SEEDS = 250;
export const MOST_GROW_VOXELS = 48e6;
const MOST_LOCALITY = 1000;
/** Parts of an HU that costs are counted in. */
export const COST_PER_HU = 16;
const FARTHEST = 2 ** 31 - 1;

function needs(params: GrowParams, about: About): { box: Box; hu: boolean } {
  requireParams(params);
  const seeded = about.boundingBox(params.seeds);
  if (seeded === null)
    throw new OperationRefused('The seeds are empty; draw a little of each structure first.');
  const by = about.spacing_mm.map((mm) => Math.ceil(params.margin_mm / mm)) as unknown as Triple;
  const whole = { low: [0, 0, 0], size: about.shape } as const;
  const box = params.box === null ? grown(seeded, by, about.shape) : intersection(params.box, whole);
  if (box === null) throw new OperationRefused('The box lies outside the scan; choose one inside.');
  requireVoxels(box);
  return { box, hu: true };
}

function run(region: Region, params: GrowParams, context: Context): Proposal {
  requireParams(params);
  requireVoxels(region);
  if (region.hu === null) throw new OperationRefused('Growing needs the scan; wait until it is loaded.');
  const grid = seedGrid(region, region.hu, params.seeds, params.background);
  requireSeeds(grid, params.seeds.length);
  const seeds = params.islands_below_voxels > 0 ? grid.owners.slice() : null;
  growOwners(grid, region.spacing_mm, params.locality, (share) => context.report(0.95 * share));
  if (seeds !== null) closeIslands(grid, seeds, params.islands_below_voxels);
  const changes = [...new Set(params.seeds.map((seed) => seed.layer))].map((layer) => ({
    layer,
    values: grownLabels(region, grid, params.seeds, layer),
  }));
  context.report(1);
  return { changes };
}

function requireParams({ seeds, background, locality, margin_mm }: GrowParams): void {
  if (seeds.length === 0 || (seeds.length === 1 && !background)) {
    throw new OperationRefused(
      'Growing needs seeds of two structures, or of one and the background; otherwise it would fill the box.',
    );
  }
  if (seeds.length > MOST_SEEDS) {
    throw new OperationRefused(`At most ${MOST_SEEDS} structures can grow at once; choose fewer.`);
  }
  if (!(locality >= 0 && locality <= MOST_LOCALITY)) {
    throw new OperationRefused(`The locality must be between 0 and ${MOST_LOCALITY} HU per mm.`);
  }
  if (!(margin_mm >= 0)) throw new OperationRefused('The margin around the seeds must be 0 mm or more.');
}

function requireVoxels(box: Box): void {
  const voxels = boxVoxels(box);
  if (voxels > MOST_GROW_VOXELS) {
    throw new OperationRefused(
      `The box to grow in has ${Math.round(voxels / 1e6)} million voxels; choose one of at most ${MOST_GROW_VOXELS / 1e6} million.`,
    );
  }
}

function requireSeeds({ owners }: SeedGrid, count: number): void {
  const present = new Uint8Array(256);
  for (const owner of owners) present[owner] = 1;
  const missing = Array.from({ length: count }, (_, n) => n).filter((n) => present[FIRST_SEED + n] === 0);
  if (missing.length > 0) {
    const what =
      missing.length === 1 ? 'One of the structures has' : `${missing.length} of the structures have`;
    throw new OperationRefused(`${what} no seed in the box; draw a little of each first.`);
  }
}

/** Gives every voxel that is nobody's to the owner that reaches it at the least cost. */
export function growOwners(
  grid: SeedGrid,
  spacing_mm: Triple,
  locality: number,
  report: (share: number) => void,
): void {
  const { offsets, penalties } = neighbours(grid.strides, spacing_mm, locality);
  const queue = new BucketQueue((HU_SPAN + 1) * COST_PER_HU + Math.max(...penalties));
  const { nodes, left } = startFrom(grid, queue);
  const progress = new Progress(left, report);
  for (let node = queue.pop(); node >= 0; node = queue.pop()) {
    const cost = queue.cost;
    // Reached at a lower cost since it was put here.
    if (nodes[node] !== cost) continue;
    progress.step();
    const own = nodes[node + 1];
    const here = own >> 8;
    for (let n = 0; n < offsets.length; n++) {
      const next = node + offsets[n];
      const known = nodes[next];
      if (known <= cost) continue;
      const there = nodes[next + 1] >> 8;
      const difference = there < here ? here - there : there - here;
      const reached = cost + difference * COST_PER_HU + penalties[n];
      if (reached >= known) continue;
      nodes[next] = reached;
      nodes[next + 1] = (there << 8) | (own & 0xff);
      queue.push(next, reached);
    }
  }
  for (let voxel = 0; voxel < grid.owners.length; voxel++) grid.owners[voxel] = nodes[2 * voxel + 1] & 0xff;
}

const HU_SPAN = 3071 + 1024;

/**
 * What the search keeps of a voxel lies side by side, for it goes to and fro in memory: first the cost, then the HU
 * times 256 and the owner. Node n of the queue is voxel n / 2. Walls cost -1, which no path improves.
 */
function startFrom({ hu, owners }: SeedGrid, queue: BucketQueue): { nodes: Int32Array; left: number } {
  const nodes = new Int32Array(2 * owners.length);
  let left = 0;
  for (let voxel = 0; voxel < owners.length; voxel++) {
    const owner = owners[voxel];
    nodes[2 * voxel] = owner === WALL ? -1 : owner === NOBODY ? FARTHEST : 0;
    nodes[2 * voxel + 1] = (hu[voxel] << 8) | owner;
    if (owner === WALL) continue;
    left += 1;
    if (owner !== NOBODY) queue.push(2 * voxel, 0);
  }
  return { nodes, left };
}

/** Nodes around a node. A step costs at least one part, so that where all is alike the nearest seed wins. */
function neighbours(
  strides: readonly [number, number, number],
  spacing_mm: Triple,
  locality: number,
): { offsets: Int32Array; penalties: Int32Array } {
  const steps: (readonly [number, number])[] = [];
  for (let n = 0; n < 27; n++) {
    const step = [(n % 3) - 1, (Math.floor(n / 3) % 3) - 1, Math.floor(n / 9) - 1];
    if (n === 13) continue;
    const mm = Math.hypot(...step.map((by, axis) => by * spacing_mm[axis]));
    const offset = step.reduce((sum, by, axis) => sum + by * strides[axis], 0);
    steps.push([offset, Math.max(1, Math.round(locality * mm * COST_PER_HU))]);
  }
  return {
    offsets: Int32Array.from(steps, ([offset]) => 2 * offset),
    penalties: Int32Array.from(steps, ([, penalty]) => penalty),
  };
}

class Progress {
  private done = 0;
  private readonly total: number;
  private readonly every: number;
  private readonly report: (share: number) => void;

  constructor(total: number, report: (share: number) => void) {
    this.total = total;
    this.every = Math.max(1, Math.ceil(total / 100));
    this.report = report;
  }

  step(): void {
    this.done += 1;
    if (this.done % this.every === 0) this.report(this.done / this.total);
  }
}

function grownLabels(
  region: Region,
  grid: SeedGrid,
  seeds: readonly StructureRef[],
  layer: number,
): Uint8Array {
  const values = region.labels[layer].slice();
  const given = new Uint8Array(256);
  seeds.forEach((seed, n) => {
    if (seed.layer === layer) given[FIRST_SEED + n] = seed.value;
  });
  eachRow(region, grid, (from, to) => {
    for (let i = 0; i < region.size[0]; i++) {
      const value = given[grid.owners[to + i]];
      if (value !== 0 && !isStructure(values[from + i])) values[from + i] = value;
    }
  });
  return values;
}
