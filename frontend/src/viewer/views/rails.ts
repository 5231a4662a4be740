/** What the rail beside each plane shows, kept up to date a little at a time. */
import {
  type Box,
  type LabelMap,
  PLANE_AXIS,
  PLANES,
  type Plane,
  type SliceRuns,
  type StructureRef,
  type Triple,
} from '../../voxels';
import type { LayerStyle } from '../styles';
import { Subscribers } from '../subscribers';
import { uncertainSlices } from './heat';
import type { HeatMap, RailMarks } from './port';
import { Shadows } from './shadows';

/** A slice that stays on screen for this long was looked at. */
export const LOOKED_MS = 300;
/** Work between two pauses. */
const WORK_MS = 6;
const TELL_MS = 250;

type PerPlane = Record<Plane, Uint8Array>;

export class Rails {
  readonly changed = new Subscribers<null>();
  private readonly map: LabelMap;
  readonly shadows: Shadows;
  /** Of all that is asked for: looking elsewhere is not waited for. */
  private readonly asked: Shadows;
  private readonly edited: PerPlane;
  private readonly looked: PerPlane;
  private readonly unmarked: SliceRuns[] = [];
  private uncertain: Partial<PerPlane> = {};
  private heat: HeatMap | null = null;
  private styles: readonly LayerStyle[] = [];
  private active: StructureRef = { layer: 0, value: 0 };
  /** Where structures are, until edits, styles or the active structure change: looking at slices does not. */
  private places: Partial<Record<Plane, { structures: Uint8Array; active: Uint8Array }>> = {};
  private readonly lookTimers = new Map<Plane, ReturnType<typeof setTimeout>>();
  private workTimer: ReturnType<typeof setTimeout> | null = null;
  private tellTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(map: LabelMap, bounds: Box | null = null) {
    this.map = map;
    this.shadows = new Shadows(map);
    this.asked = bounds === null ? this.shadows : new Shadows(map, bounds);
    this.edited = emptyMarks(map.shape);
    this.looked = emptyMarks(map.shape);
    this.workSoon();
  }

  setStyles(styles: readonly LayerStyle[]): void {
    this.styles = styles;
    this.places = {};
    this.tellSoon();
  }

  setActive(active: StructureRef): void {
    this.active = active;
    this.places = {};
    this.tellSoon();
  }

  setHeatMap(heat: HeatMap | null): void {
    this.heat = heat;
    this.uncertain = {};
    this.tellSoon();
  }

  /** Voxels that the reader changed; also those of an undo. Marked a moment later: the pointer event goes on. */
  edits(delta: readonly SliceRuns[]): void {
    for (const slice of delta) this.unmarked.push(slice);
    this.workSoon();
    this.tellSoon();
  }

  private markEdits(): void {
    for (const slice of this.unmarked) {
      this.shadows.changed(slice.layer, slice.k);
      this.asked.changed(slice.layer, slice.k);
      markRuns(slice, this.map.shape, this.edited);
    }
    this.unmarked.length = 0;
  }

  /** The plane shows this slice from now on; null: nothing that counts as looking. */
  shows(plane: Plane, slice: number | null): void {
    clearTimeout(this.lookTimers.get(plane));
    this.lookTimers.delete(plane);
    if (slice === null || this.looked[plane][slice] === 1) return;
    const look = (): void => {
      this.lookTimers.delete(plane);
      if (document.hidden) return;
      this.looked[plane][slice] = 1;
      this.tellSoon();
    };
    this.lookTimers.set(plane, setTimeout(look, LOOKED_MS));
  }

  setLooked(plane: Plane, looked: Uint8Array): void {
    const own = this.looked[plane];
    for (let n = 0; n < own.length; n++) if (looked[n] === 1) own[n] = 1;
    this.tellSoon();
  }

  lookedShare(structure: StructureRef): number | null {
    let slices = 0;
    let looked = 0;
    for (let k = 0; k < this.map.shape[2]; k++) {
      if (!this.asked.has(structure, k)) continue;
      slices += 1;
      looked += this.looked.axial[k] as number;
    }
    return slices === 0 ? null : looked / slices;
  }

  marks(plane: Plane): RailMarks {
    this.markEdits();
    const axis = PLANE_AXIS[plane];
    const slices = this.map.shape[axis];
    const { structures, active } = this.placesOf(plane, slices);
    const uncertain = this.uncertainOf(plane, slices);
    return {
      plane,
      slices,
      structures,
      active,
      edited: this.edited[plane],
      uncertain,
      looked: this.looked[plane],
    };
  }

  destroy(): void {
    for (const timer of this.lookTimers.values()) clearTimeout(timer);
    if (this.workTimer !== null) clearTimeout(this.workTimer);
    if (this.tellTimer !== null) clearTimeout(this.tellTimer);
    this.changed.clear();
  }

  private placesOf(plane: Plane, slices: number): { structures: Uint8Array; active: Uint8Array } {
    const known = this.places[plane];
    if (known !== undefined) return known;
    const axis = PLANE_AXIS[plane];
    const made = { structures: new Uint8Array(slices), active: new Uint8Array(slices) };
    this.shadows.mark(axis, (layer, value) => this.styles[layer]?.visible[value] === 1, made.structures);
    this.asked.mark(axis, (layer, value) => this.isActive(layer, value), made.active);
    this.places[plane] = made;
    return made;
  }

  private isActive(layer: number, value: number): boolean {
    return layer === this.active.layer && value === this.active.value;
  }

  private uncertainOf(plane: Plane, slices: number): Uint8Array {
    const known = this.uncertain[plane];
    if (known !== undefined) return known;
    const made =
      this.heat === null ? new Uint8Array(slices) : uncertainSlices(this.heat, slices, PLANE_AXIS[plane]);
    this.uncertain[plane] = made;
    return made;
  }

  private workSoon(): void {
    this.workTimer ??= setTimeout(() => {
      this.workTimer = null;
      this.markEdits();
      const until = performance.now() + WORK_MS;
      this.asked.read(until);
      this.shadows.read(until);
      this.places = {};
      if (this.asked.isComplete && this.shadows.isComplete) this.tellSoon();
      else this.workSoon();
    }, 0);
  }

  private tellSoon(): void {
    this.tellTimer ??= setTimeout(() => {
      this.tellTimer = null;
      this.changed.tell(null);
    }, TELL_MS);
  }
}

function emptyMarks(shape: Triple): PerPlane {
  const of = (plane: Plane): Uint8Array => new Uint8Array(shape[PLANE_AXIS[plane]]);
  const [axial, sagittal, coronal] = PLANES.map(of) as [Uint8Array, Uint8Array, Uint8Array];
  return { axial, sagittal, coronal };
}

/** Marks the slices of every plane that the runs of one slice lie in. */
export function markRuns(
  { k, starts, lengths }: SliceRuns,
  [ni]: Triple,
  { axial, sagittal, coronal }: PerPlane,
): void {
  axial[k] = 1;
  for (let run = 0; run < starts.length; run++) {
    const start = starts[run] as number;
    const last = start + (lengths[run] as number) - 1;
    const firstRow = Math.floor(start / ni);
    const lastRow = Math.floor(last / ni);
    coronal.fill(1, firstRow, lastRow + 1);
    // A run over more than one row passes every column at its turn; only its ends are exact.
    if (firstRow === lastRow) sagittal.fill(1, start - firstRow * ni, last - firstRow * ni + 1);
    else {
      sagittal.fill(1, start - firstRow * ni);
      sagittal.fill(1, 0, last - lastRow * ni + 1);
      if (lastRow - firstRow > 1) sagittal.fill(1);
    }
  }
}
