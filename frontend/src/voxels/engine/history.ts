import type { EditStep } from './step';

/** A sphere of 40 mm takes about 0.2 MB, an operation on a whole organ about 2 MB. */
export const UNDO_BYTES = 96 * 2 ** 20;
export const UNDO_STEPS = 1000;

/** Steps to undo and to redo, bounded by the memory they take. The newest step is always kept. */
export class History {
  private readonly done: EditStep[] = [];
  private undone: EditStep[] = [];
  private bytes = 0;
  private readonly mostBytes: number;
  private hasForgotten = false;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  get nextUndo(): EditStep | null {
    return this.done.at(-1) ?? null;
  }

  get nextRedo(): EditStep | null {
    return this.undone.at(-1) ?? null;
  }

  /** Whether a step became too old to be undone: undoing all is then not the start. */
  get forgotten(): boolean {
    return this.hasForgotten;
  }

  /** A new step: what was undone before it is gone. */
  push(step: EditStep): void {
    for (const { bytes } of this.undone) this.bytes -= bytes;
    this.undone = [];
    this.done.push(step);
    this.bytes += step.bytes;
    while (this.done.length > 1 && this.isFull()) {
      this.bytes -= this.done.shift()?.bytes ?? 0;
      this.hasForgotten = true;
    }
  }

  /** A step from before the start, already undone. */
  pushUndone(step: EditStep): void {
    this.undone.push(step);
    this.bytes += step.bytes;
    while (this.undone.length > 1 && this.isFull()) this.bytes -= this.undone.shift()?.bytes ?? 0;
  }

  undo(): EditStep | null {
    return move(this.done, this.undone);
  }

  redo(): EditStep | null {
    return move(this.undone, this.done);
  }

  /** `forgotten`: whether the voxels as they are now are not where the history begins. */
  clear(forgotten: boolean): void {
    this.done.length = 0;
    this.undone = [];
    this.bytes = 0;
    this.hasForgotten = forgotten;
  }

  private isFull(): boolean {
    return this.bytes > this.mostBytes || this.done.length + this.undone.length > UNDO_STEPS;
  }
}

function move(from: EditStep[], to: EditStep[]): EditStep | null {
  const step = from.pop();
  if (step === undefined) return null;
  to.push(step);
  return step;
}
