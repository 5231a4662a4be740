/**
 * The edit engine: the only writer of a mask. Strokes write at once; operations come as proposed values. Each ends as
 * one step with exact undo and redo, and as a delta for the save queue. Masks and locks hold for both.
 */
import { type Box, joined } from '../box';
import { type EditMask, NO_MASK, type StructureRef } from '../editMask';
import { mergeEdits, type SliceRuns, writeEdits } from '../edits';
import { editsWithin } from '../editsWithin';
import type { Triple } from '../geometry';
import { BACKGROUND, IGNORE, isStructure, type LabelMap } from '../labelMap';
import { type OnSpan, type Stamp, sweep } from '../sweep';
import { type ProposedEdit, requireProposal, StaleEdit, stepsOf } from './apply';
import { VoxelCounts } from './counts';
import { type EditImage, filterOf, type HuLimits, requireFits, type VoxelFilter } from './filter';
import { History, UNDO_BYTES } from './history';
import { recordOf, type StrokeRecord } from './record';
import { type EditStep, mostChanged, SliceChanges, StepBuilder, turned } from './step';
import {
  GrowingBox,
  type Locks,
  OpenStroke,
  type Span,
  StrokeMemory,
  type StrokeTarget,
  writtenBy,
} from './stroke';
import type { EditTool } from './tools';

/** Voxel positions are kept as 32-bit numbers with room to spare. */
const MAX_SLICE_VOXELS = 2 ** 24;

export interface EngineOptions {
  /** Memory for steps to undo and redo. */
  readonly undoBytes?: number;
  /** Of the mask as it is; kept up to date by the engine. Counted anew where not given. */
  readonly counts?: VoxelCounts;
}

export class EditEngine {
  readonly map: LabelMap;
  private readonly spacing_mm: Triple;
  private readonly locks: readonly Locks[];
  private readonly counts: VoxelCounts;
  private readonly history: History;
  private image: EditImage | null = null;
  private editMask: EditMask = NO_MASK;
  private bounds: Box | null = null;
  private open: OpenStroke | null = null;
  private readonly memory = new StrokeMemory();
  private changes = 0;

  constructor(map: LabelMap, spacing_mm: Triple, { undoBytes = UNDO_BYTES, counts }: EngineOptions = {}) {
    if (map.shape[0] * map.shape[1] > MAX_SLICE_VOXELS) {
      throw new RangeError('Slices of more than 4096 x 4096 voxels cannot be edited.');
    }
    this.map = map;
    this.spacing_mm = spacing_mm;
    this.locks = map.layers.map(unlocked);
    this.counts = counts ?? VoxelCounts.of(map);
    this.history = new History(undoBytes);
  }

  /** Rises with every change of a voxel. */
  get version(): number {
    return this.changes;
  }

  // What may be changed

  /** A locked structure neither gains nor loses voxels. */
  setLocked(layer: number, value: number, locked: boolean): void {
    const { lose, gain } = this.locks[layer];
    lose[value] = locked ? 0 : 1;
    gain[value] = locked || value === IGNORE ? 0 : 1;
  }

  isLocked(layer: number, value: number): boolean {
    return this.locks[layer]?.lose[value] === 0;
  }

  get mask(): EditMask {
    return this.editMask;
  }

  /** Holds for strokes that begin after it, and for operations. */
  setMask(mask: EditMask): void {
    requireFits(mask, this.map.shape, this.map.layers.length);
    this.editMask = { ...mask, bounds: this.bounds };
  }

  /** All that is asked for: nothing outside of it changes, whatever the mask says. Null: the whole scan. */
  setBounds(bounds: Box | null): void {
    requireFits({ ...NO_MASK, bounds }, this.map.shape, this.map.layers.length);
    this.bounds = bounds;
    this.editMask = { ...this.editMask, bounds };
  }

  /** The scan, for masks by HU. Without it, and in slices that are not loaded, such a mask lets nothing be changed. */
  setImage(slices: readonly Int16Array[], loaded: (k: number) => boolean): void {
    this.image = { slices, loaded };
  }

  // What is there

  voxelCount(layer: number, value: number): number {
    return this.counts.total(layer, value);
  }

  /** Voxels of a structure in one axial slice. */
  sliceCount(layer: number, k: number, value: number): number {
    return this.counts.inSlice(layer, k, value);
  }

  /** Around all voxels of the structures, null where they have none. Knows which slices to look at. */
  boundingBox(structures: readonly StructureRef[]): Box | null {
    let around: Box | null = null;
    for (let layer = 0; layer < this.map.layers.length; layer++) {
      const values = structures
        .filter((one) => one.layer === layer && this.counts.total(layer, one.value) > 0)
        .map(({ value }) => value);
      around = joined(around, values.length === 0 ? null : this.boxIn(layer, values));
    }
    return around;
  }

  private boxIn(layer: number, values: readonly number[]): Box | null {
    const hasSlice = (k: number) => values.some((value) => this.counts.inSlice(layer, k, value) > 0);
    if (values.length === 1) return this.map.boundingBox(layer, values[0], hasSlice);
    const wanted = new Set(values);
    return this.map.boundingBox(layer, (value) => wanted.has(value), hasSlice);
  }

  volumeMl(layer: number, value: number): number {
    const [si, sj, sk] = this.spacing_mm;
    return (this.counts.total(layer, value) * si * sj * sk) / 1000;
  }

  // Strokes

  /** Makes the memory ready that the first stroke would otherwise wait for; in steps of less than a millisecond. */
  prepare(): Generator<void, void> {
    const [ni, nj, nk] = this.map.shape;
    return this.memory.prepare(ni * nj, ni, nk);
  }

  get isDrawing(): boolean {
    return this.open !== null;
  }

  /** Starts a stroke; false where the target is locked or is no structure, and nothing can be drawn. */
  begin(target: StrokeTarget): boolean {
    if (this.open !== null) throw new Error('A stroke is already being drawn.');
    const locks = this.locks[target.layer];
    if (locks === undefined || !isStructure(target.value) || locks.lose[target.value] === 0) return false;
    const written = writtenBy(target);
    if (typeof written === 'number' && locks.gain[written] === 0) return false;
    const filter = this.filter(target.hu === undefined ? [] : [target.hu]);
    this.open = new OpenStroke(this.map, target, copyOf(locks), filter, this.memory);
    return true;
  }

  /** Draws one piece of the stroke. The box of what changed, or null for nothing. */
  stamp(stamp: Stamp): Box | null {
    let around: Box | null = null;
    for (const box of this.stampInSteps(stamp)) around = joined(around, box);
    return around;
  }

  /** The same slice after slice, the shown one first; yields the box of each. What is never asked for is not drawn. */
  *stampInSteps(stamp: Stamp): Generator<Box | null, void> {
    const written = new GrowingBox();
    const writer = this.requireOpen().writer(written);
    for (const _ of sweep(this.map.shape, this.spacing_mm, stamp, writer)) {
      const box = written.take();
      if (box !== null) this.changes += 1;
      yield box;
    }
  }

  /** Draws rows of voxels, as of a polygon. Throws a RangeError where one lies outside of the scan. */
  fill(spans: Iterable<Span> | ((onSpan: OnSpan) => void)): Box | null {
    return this.draw((onSpan) => {
      const checked: OnSpan = (k, start, count, stride) => {
        this.requireInside(k, start, count, stride);
        onSpan(k, start, count, stride);
      };
      if (typeof spans === 'function') spans(checked);
      else for (const { k, start, count, stride } of spans) checked(k, start, count, stride);
    });
  }

  /** What the open stroke changed so far, as if it ended now; null for nothing. It goes on. */
  draft(): StrokeRecord | null {
    const { open } = this;
    const step = open?.step() ?? null;
    return step && recordOf(step, step.tool, 'forwards', open?.sent(step.after));
  }

  /** Ends the stroke: one step to undo. Null where it changed nothing. */
  commit(): StrokeRecord | null {
    const stroke = this.requireOpen();
    const step = stroke.step();
    const sent = step && stroke.sent(step.after);
    this.close(stroke);
    if (step === null) return null;
    this.counts.change(step.counts, 1);
    this.history.push(step);
    return recordOf(step, step.tool, 'forwards', sent);
  }

  /** Drops the stroke that is being drawn and puts back what it changed: the box of that. */
  cancel(): Box | null {
    if (this.open === null) return null;
    const step = this.open.step();
    this.close(this.open);
    if (step === null) return null;
    this.write(step.before);
    return step.box;
  }

  // Operations

  /** Writes a whole operation as one step to undo. Throws StaleEdit where its version is not the mask's any more. */
  apply(edit: ProposedEdit): StrokeRecord | null {
    const steps = this.applyInSteps(edit);
    let next = steps.next();
    while (next.done !== true) next = steps.next();
    return next.value;
  }

  /**
   * The same in steps of about a millisecond, which yield the share that is done: the caller may let the page breathe
   * between them. The mask is read until the last step and written in it, at once; a change meanwhile is a StaleEdit.
   */
  *applyInSteps(edit: ProposedEdit): Generator<number, StrokeRecord | null> {
    requireProposal(edit, this.map.shape, this.map.layers.length);
    const version = edit.version ?? this.changes;
    this.requireFresh(version);
    const step = yield* stepsOf(this.map, edit, (layer) => copyOf(this.locks[layer]), this.filter([]));
    this.requireFresh(version);
    return step === null ? null : this.make(step);
  }

  /**
   * Writes edits that were worked out elsewhere as one step to undo. Masks and locks do not hold for them; what lies
   * outside of what is asked for is left out.
   */
  take(tool: EditTool, target: StructureRef, delta: readonly SliceRuns[]): StrokeRecord | null {
    this.requireClosed();
    const within = this.bounds === null ? delta : editsWithin(delta, this.bounds, this.map.shape[0]);
    const step = this.stepOf(within, tool, target);
    return step === null ? null : this.make(step);
  }

  // History

  get canUndo(): boolean {
    return this.history.nextUndo !== null;
  }

  get canRedo(): boolean {
    return this.history.nextRedo !== null;
  }

  /** Whether undoing all is the mask that the history began with: no step was too old to be kept. */
  get reachesStart(): boolean {
    return !this.history.forgotten;
  }

  undo(): StrokeRecord | null {
    const step = this.open === null ? this.history.undo() : null;
    if (step === null) return null;
    this.back(step);
    return recordOf(step, 'undo', 'backwards');
  }

  redo(): StrokeRecord | null {
    const step = this.open === null ? this.history.redo() : null;
    if (step === null) return null;
    this.forth(step);
    return recordOf(step, 'redo', 'forwards');
  }

  /**
   * Undoes what was done before the history began: `delta` turns the mask into what it was then. It can be redone.
   * Only where nothing is left to undo; null where `delta` changes nothing.
   */
  undoPast(delta: readonly SliceRuns[]): StrokeRecord | null {
    this.requireClosed();
    if (this.canUndo) throw new Error('There is still something to undo before the past.');
    const back = this.stepOf(delta, 'undo', { layer: 0, value: BACKGROUND });
    if (back === null) return null;
    const step = { ...turned(back), target: mostChanged(back) };
    this.back(step);
    this.history.pushUndone(step);
    return recordOf(step, 'undo', 'backwards');
  }

  /** From here on undoing all is the mask as it is now. */
  forgetHistory(): void {
    this.history.clear(false);
  }

  /** Writes edits that were not drawn here. Undo is emptied: its steps would no longer be exact. */
  replay(delta: readonly SliceRuns[]): void {
    this.requireClosed();
    const step = this.stepOf(delta, 'restore', { layer: 0, value: BACKGROUND });
    if (step !== null) this.forth(step);
    this.history.clear(true);
  }

  private filter(hu: readonly HuLimits[]): VoxelFilter | null {
    return filterOf(this.map, this.editMask, hu, this.image);
  }

  private draw(spans: (onSpan: OnSpan) => void): Box | null {
    const written = new GrowingBox();
    spans(this.requireOpen().writer(written));
    const box = written.take();
    if (box !== null) this.changes += 1;
    return box;
  }

  private close(stroke: OpenStroke): void {
    this.open = null;
    stroke.release();
  }

  private make(step: EditStep): StrokeRecord {
    this.forth(step);
    this.history.push(step);
    return recordOf(step, step.tool, 'forwards');
  }

  /** What `delta` would change of the mask, as a step that is not written yet. */
  private stepOf(delta: readonly SliceRuns[], tool: EditTool, target: StructureRef): EditStep | null {
    const builder = new StepBuilder(this.map.shape);
    for (const { layer, k, starts, lengths, values } of mergeEdits([delta])) {
      const voxels = this.map.layers[layer]?.[k];
      const last = starts.length - 1;
      if (voxels === undefined || (last >= 0 && starts[last] + lengths[last] > voxels.length)) {
        throw new RangeError('These edits do not fit this mask: they were drawn on another scan.');
      }
      const changes = new SliceChanges(layer, k);
      for (let r = 0; r < starts.length; r++) {
        changes.become(starts[r], lengths[r], voxels, values[r]);
      }
      builder.take(changes);
    }
    return builder.build(tool, target);
  }

  private forth(step: EditStep): void {
    this.counts.change(step.counts, 1);
    this.write(step.after);
  }

  private back(step: EditStep): void {
    this.counts.change(step.counts, -1);
    this.write(step.before);
  }

  private write(delta: readonly SliceRuns[]): void {
    writeEdits(this.map, delta);
    this.changes += 1;
  }

  private requireInside(k: number, start: number, count: number, stride: number): void {
    const end = this.map.shape[0] * this.map.shape[1];
    const last = start + (count - 1) * stride;
    if (k < 0 || k >= this.map.shape[2] || start < 0 || stride < 1 || last >= end) {
      throw new RangeError('A row to fill lies outside of the scan.');
    }
  }

  private requireFresh(version: number): void {
    if (this.open !== null || version !== this.changes) throw new StaleEdit();
  }

  private requireClosed(): void {
    if (this.open !== null) throw new Error('Edits cannot be replayed while a stroke is being drawn.');
  }

  private requireOpen(): OpenStroke {
    if (this.open === null) throw new Error('Begin a stroke before drawing.');
    return this.open;
  }
}

function unlocked(): Locks {
  const gain = new Uint8Array(256).fill(1);
  gain[IGNORE] = 0;
  return { lose: new Uint8Array(256).fill(1), gain };
}

function copyOf({ lose, gain }: Locks): Locks {
  return { lose: lose.slice(), gain: gain.slice() };
}
