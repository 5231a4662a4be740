/**
 * The edit engine: strokes on a label map, exact undo and redo, and the delta of each for the save queue.
 *
 * A stroke writes one value. A voxel is therefore written at most once in a stroke: what it held before is noted
 * once, and undo restores it exactly.
 */
import { applyEdits, RunBuilder, type SliceRuns } from './edits';
import type { Triple } from './geometry';
import { BACKGROUND, IGNORE, isStructure, type LabelMap } from './labelMap';
import { type Stamp, sweep } from './sweep';

export type EditTool = 'brush' | 'eraser';

export interface StrokeTarget {
  readonly tool: EditTool;
  readonly layer: number;
  /** The structure that is painted, or the one that is erased. */
  readonly value: number;
  /** Eraser only: erase every structure of the layer that is not locked. */
  readonly all?: boolean;
}

/** What one stroke, one undo or one redo changed. */
export interface StrokeRecord {
  readonly tool: EditTool;
  readonly layer: number;
  readonly structure: number;
  readonly delta: readonly SliceRuns[];
  /** Voxels that now belong to a structure and before did not, or to another. */
  readonly added: number;
  /** Voxels that before belonged to a structure and now do not, or to another. */
  readonly removed: number;
}

/** First and last index that changed on each axis. */
export interface EditBox {
  readonly low: Triple;
  readonly high: Triple;
}

export const UNDO_DEPTH = 200;

/** Voxel positions and old values are sorted as one number: position * 256 + old value. */
const MAX_SLICE_VOXELS = 2 ** 24;

interface UndoStep {
  readonly tool: EditTool;
  readonly layer: number;
  readonly structure: number;
  readonly before: readonly SliceRuns[];
  readonly after: readonly SliceRuns[];
  readonly added: number;
  readonly removed: number;
}

interface OpenStroke {
  readonly target: StrokeTarget;
  readonly written: number;
  readonly replaceable: Uint8Array;
  readonly logs: Map<number, SliceLog>;
}

export class EditEngine {
  readonly map: LabelMap;
  private readonly spacing_mm: Triple;
  private readonly locked: readonly Uint8Array[];
  private readonly counts: readonly Float64Array[];
  private readonly undoSteps: UndoStep[] = [];
  private redoSteps: UndoStep[] = [];
  private open: OpenStroke | null = null;

  constructor(map: LabelMap, spacing_mm: Triple) {
    if (map.shape[0] * map.shape[1] > MAX_SLICE_VOXELS) {
      throw new RangeError('Slices of more than 4096 x 4096 voxels cannot be edited.');
    }
    this.map = map;
    this.spacing_mm = spacing_mm;
    this.locked = map.layers.map(() => new Uint8Array(256));
    this.counts = map.layers.map((_, layer) => map.histogram(layer));
  }

  /** A locked structure neither gains nor loses voxels. */
  setLocked(layer: number, value: number, locked: boolean): void {
    this.locked[layer][value] = locked ? 1 : 0;
  }

  isLocked(layer: number, value: number): boolean {
    return this.locked[layer]?.[value] === 1;
  }

  voxelCount(layer: number, value: number): number {
    return this.counts[layer][value];
  }

  volumeMl(layer: number, value: number): number {
    const [si, sj, sk] = this.spacing_mm;
    return (this.counts[layer][value] * si * sj * sk) / 1000;
  }

  get canUndo(): boolean {
    return this.undoSteps.length > 0;
  }

  get canRedo(): boolean {
    return this.redoSteps.length > 0;
  }

  get isDrawing(): boolean {
    return this.open !== null;
  }

  /** Starts a stroke; false where the target is locked or is no structure, and nothing can be drawn. */
  begin(target: StrokeTarget): boolean {
    if (this.open !== null) throw new Error('A stroke is already being drawn.');
    if (!isStructure(target.value) || this.locked[target.layer]?.[target.value] !== 0) return false;
    this.open = {
      target,
      written: target.tool === 'brush' ? target.value : BACKGROUND,
      replaceable: this.replaceable(target),
      logs: new Map(),
    };
    return true;
  }

  /** Draws one piece of the stroke. The box of what changed, or null for nothing. */
  stamp(stamp: Stamp): EditBox | null {
    const stroke = this.requireOpen();
    const ni = this.map.shape[0];
    const slices = this.map.layers[stroke.target.layer];
    const counts = this.counts[stroke.target.layer];
    const box = new GrowingBox();
    sweep(this.map.shape, this.spacing_mm, stamp, (k, start, count, stride) => {
      const log = logOf(stroke.logs, k);
      const before = log.length;
      writeSpan(slices[k], counts, stroke, log, start, start + count * stride, stride);
      if (log.length > before) {
        const last = start + (count - 1) * stride;
        box.add(start % ni, Math.floor(start / ni), k);
        box.add(last % ni, Math.floor(last / ni), k);
      }
    });
    return box.found();
  }

  /** Ends the stroke: one step to undo. Null where it changed nothing. */
  commit(): StrokeRecord | null {
    const step = this.close();
    if (step === null) return null;
    this.undoSteps.push(step);
    if (this.undoSteps.length > UNDO_DEPTH) this.undoSteps.shift();
    this.redoSteps = [];
    return recordOf(step, step.after, step.added, step.removed);
  }

  /** Drops the stroke that is being drawn and puts back what it changed. */
  cancel(): SliceRuns[] {
    if (this.open === null) return [];
    const step = this.close();
    if (step === null) return [];
    this.write(step.before);
    return [...step.before];
  }

  undo(): StrokeRecord | null {
    const step = this.open === null ? this.undoSteps.pop() : undefined;
    if (step === undefined) return null;
    this.write(step.before);
    this.redoSteps.push(step);
    return recordOf(step, step.before, step.removed, step.added);
  }

  redo(): StrokeRecord | null {
    const step = this.open === null ? this.redoSteps.pop() : undefined;
    if (step === undefined) return null;
    this.write(step.after);
    this.undoSteps.push(step);
    return recordOf(step, step.after, step.added, step.removed);
  }

  /** Writes edits that were not drawn here. Undo is emptied: its steps would no longer be exact. */
  replay(delta: readonly SliceRuns[]): void {
    if (this.open !== null) throw new Error('Edits cannot be replayed while a stroke is being drawn.');
    applyEdits(this.map, delta);
    this.undoSteps.length = 0;
    this.redoSteps = [];
    for (const layer of new Set(delta.map((slice) => slice.layer))) {
      this.counts[layer].set(this.map.histogram(layer));
    }
  }

  /** Which old values the stroke may overwrite. "Not annotated" gives way to the brush, never to the eraser. */
  private replaceable({ tool, layer, value, all }: StrokeTarget): Uint8Array {
    const may = new Uint8Array(256);
    if (tool === 'brush' || all === true) {
      may.fill(1);
      this.locked[layer].forEach((locked, old) => {
        if (locked === 1) may[old] = 0;
      });
    }
    if (tool === 'eraser') {
      may[value] = 1;
      may[BACKGROUND] = 0;
      may[IGNORE] = 0;
    } else {
      may[value] = 0;
    }
    return may;
  }

  private requireOpen(): OpenStroke {
    if (this.open === null) throw new Error('Begin a stroke before stamping.');
    return this.open;
  }

  private close(): UndoStep | null {
    const { target, written, logs } = this.requireOpen();
    this.open = null;
    const before: SliceRuns[] = [];
    const after: SliceRuns[] = [];
    let removed = 0;
    let voxels = 0;
    for (const [k, log] of [...logs].sort((a, b) => a[0] - b[0])) {
      if (log.length === 0) continue;
      const slice = log.runs(target.layer, k, written);
      before.push(slice.before);
      after.push(slice.after);
      removed += slice.removed;
      voxels += log.length;
    }
    if (voxels === 0) return null;
    const added = isStructure(written) ? voxels : 0;
    return { tool: target.tool, layer: target.layer, structure: target.value, before, after, added, removed };
  }

  private write(delta: readonly SliceRuns[]): void {
    for (const { layer, k, starts, lengths, values } of delta) {
      const voxels = this.map.layers[layer][k];
      const counts = this.counts[layer];
      for (let r = 0; r < starts.length; r++) {
        const end = starts[r] + lengths[r];
        for (let p = starts[r]; p < end; p++) counts[voxels[p]] -= 1;
        voxels.fill(values[r], starts[r], end);
        counts[values[r]] += lengths[r];
      }
    }
  }
}

function writeSpan(
  voxels: Uint8Array,
  counts: Float64Array,
  { written, replaceable }: OpenStroke,
  log: SliceLog,
  start: number,
  end: number,
  stride: number,
): void {
  for (let p = start; p < end; p += stride) {
    const old = voxels[p];
    if (replaceable[old] === 0) continue;
    log.add(p, old);
    voxels[p] = written;
    counts[old] -= 1;
    counts[written] += 1;
  }
}

function recordOf(step: UndoStep, delta: readonly SliceRuns[], added: number, removed: number): StrokeRecord {
  return { tool: step.tool, layer: step.layer, structure: step.structure, delta, added, removed };
}

function logOf(logs: Map<number, SliceLog>, k: number): SliceLog {
  let log = logs.get(k);
  if (log === undefined) {
    log = new SliceLog();
    logs.set(k, log);
  }
  return log;
}

/** The voxels that a stroke wrote in one slice, with what they held before. */
class SliceLog {
  length = 0;
  private keys = new Uint32Array(256);

  add(position: number, old: number): void {
    if (this.length === this.keys.length) {
      const keys = new Uint32Array(this.keys.length * 2);
      keys.set(this.keys);
      this.keys = keys;
    }
    this.keys[this.length++] = position * 256 + old;
  }

  runs(layer: number, k: number, written: number): { before: SliceRuns; after: SliceRuns; removed: number } {
    const keys = this.keys.subarray(0, this.length).sort();
    const before = new RunBuilder();
    const after = new RunBuilder();
    let removed = 0;
    for (let n = 0; n < keys.length; n++) {
      const position = keys[n] >>> 8;
      const old = keys[n] & 0xff;
      before.add(position, old);
      after.add(position, written);
      if (isStructure(old)) removed += 1;
    }
    return { before: before.build(layer, k), after: after.build(layer, k), removed };
  }
}

class GrowingBox {
  private readonly low: [number, number, number] = [Infinity, Infinity, Infinity];
  private readonly high: [number, number, number] = [-1, -1, -1];

  add(i: number, j: number, k: number): void {
    const index = [i, j, k];
    for (let axis = 0; axis < 3; axis++) {
      this.low[axis] = Math.min(this.low[axis], index[axis]);
      this.high[axis] = Math.max(this.high[axis], index[axis]);
    }
  }

  found(): EditBox | null {
    return this.high[2] < 0 ? null : { low: this.low, high: this.high };
  }
}
