/** Keeps the 3-D view's surfaces as the mask is: one structure after the other, changed ones again after an edit. */
import type { Box, LabelMap, StructureRef, Surface, Triple } from '../../voxels';
import type { StructureView } from '../port';
import { Subscribers } from '../subscribers';
import type { SurfaceState } from './port';
import type { Shadows } from './shadows';
import { SurfaceMaker } from './surfaceJob';

/** After the last edit; a reader who draws on is not disturbed. */
const REST_MS = 700;
/** Work on the page between two pauses. */
const WORK_MS = 5;

/** Where surfaces are shown. */
export interface SurfaceTarget {
  show(key: string, surface: Surface, colour: string): void;
  hide(key: string): void;
  colour(key: string, colour: string): void;
}

export class Surfaces {
  readonly changed = new Subscribers<SurfaceState>();
  private readonly map: LabelMap;
  private readonly shadows: Shadows;
  private readonly spacing_mm: Triple;
  private readonly maker = new SurfaceMaker();
  private target: SurfaceTarget | null = null;
  private structures: readonly StructureView[] = [];
  private readonly shown = new Map<string, string>();
  private readonly stale = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private isWorking = false;

  constructor(map: LabelMap, shadows: Shadows, spacing_mm: Triple) {
    this.map = map;
    this.shadows = shadows;
    this.spacing_mm = spacing_mm;
  }

  /** Null: nothing is shown any more, and nothing is computed. */
  setTarget(target: SurfaceTarget | null): void {
    this.target = target;
    this.shown.clear();
    this.stale.clear();
    if (target === null) this.maker.stop();
    else this.setStructures(this.structures);
  }

  setStructures(structures: readonly StructureView[]): void {
    this.structures = structures;
    if (this.target === null) return;
    const visible = new Map(structures.filter((one) => one.visible).map((one) => [keyOf(one), one.colour]));
    for (const key of this.shown.keys()) if (!visible.has(key)) this.hide(key);
    for (const [key, colour] of visible) {
      const before = this.shown.get(key);
      if (before === undefined) this.stale.add(key);
      else if (before !== colour) {
        this.shown.set(key, colour);
        this.target.colour(key, colour);
      }
    }
    this.workAfter(0);
    this.tell();
  }

  /** Structures that gained or lost voxels; null: any may have. */
  edited(structures: readonly StructureRef[] | null): void {
    if (this.target === null) return;
    for (const { layer, value } of structures ?? this.structures) this.stale.add(keyOf({ layer, value }));
    this.workAfter(REST_MS);
    this.tell();
  }

  destroy(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.setTarget(null);
    this.changed.clear();
  }

  private workAfter(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.work();
    }, ms);
  }

  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    try {
      while (this.target !== null && this.timer === null) {
        const next = this.nextStale();
        if (next === null) break;
        // Where structures are is known only when every slice was read.
        if (!this.shadows.isComplete) await pause(50);
        else await this.renew(next);
        this.tell();
      }
    } finally {
      this.isWorking = false;
    }
  }

  /** Visible structures in the page's order; what is hidden waits until it is shown. */
  private nextStale(): StructureView | null {
    return this.structures.find((one) => one.visible && this.stale.has(keyOf(one))) ?? null;
  }

  private async renew(structure: StructureView): Promise<void> {
    const key = keyOf(structure);
    this.stale.delete(key);
    const box = this.shadows.box(structure);
    if (box === null) {
      this.hide(key);
      return;
    }
    const labels = await cutGently(this.map, structure.layer, box);
    const { target, spacing_mm } = this;
    if (target === null) return;
    const surface = await this.maker.make({ labels, box, value: structure.value, spacing_mm });
    if (surface === null || this.target !== target || !this.isVisible(key)) return;
    this.shown.set(key, structure.colour);
    target.show(key, surface, structure.colour);
  }

  private isVisible(key: string): boolean {
    return this.structures.some((one) => one.visible && keyOf(one) === key);
  }

  private hide(key: string): void {
    this.shown.delete(key);
    this.target?.hide(key);
  }

  private tell(): void {
    const visible = this.structures.filter((one) => one.visible);
    const pending = visible.filter((one) => this.stale.has(keyOf(one))).length;
    this.changed.tell({ pending, total: visible.length });
  }
}

function keyOf({ layer, value }: StructureRef): string {
  return `${layer}:${value}`;
}

/** The labels of a box, i fastest, copied in portions that the page does not feel. */
async function cutGently(map: LabelMap, layer: number, { low, size }: Box): Promise<Uint8Array> {
  const labels = new Uint8Array(size[0] * size[1] * size[2]);
  const slices = map.layers[layer] ?? [];
  const ni = map.shape[0];
  let until = performance.now() + WORK_MS;
  for (let k = 0; k < size[2]; k++) {
    const slice = slices[low[2] + k] as Uint8Array;
    for (let j = 0; j < size[1]; j++) {
      const from = low[0] + ni * (low[1] + j);
      labels.set(slice.subarray(from, from + size[0]), size[0] * (j + size[1] * k));
    }
    if (performance.now() < until) continue;
    await pause(0);
    until = performance.now() + WORK_MS;
  }
  return labels;
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
