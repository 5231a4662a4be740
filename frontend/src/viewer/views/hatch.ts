/** Runs of voxels whose structure was taken away, and the pattern they are drawn with. */
import { changeOf, REMOVED } from '../../voxels';
import type { Window2d } from '../outline';
import { contextOf } from './bitmap';

export interface HatchRun {
  readonly column: number;
  readonly row: number;
  readonly length: number;
  readonly label: number;
}

const HATCH_PX = 6;

export function hatchRuns(
  before: Uint8Array,
  labels: Uint8Array,
  columns: number,
  visible: Uint8Array,
  window: Window2d,
): HatchRun[] {
  const runs: HatchRun[] = [];
  for (let row = window.lowRow; row < window.highRow; row++) {
    let open = 0;
    let from = window.lowColumn;
    for (let column = window.lowColumn; column <= window.highColumn; column++) {
      const p = row * columns + column;
      const removed =
        column < window.highColumn ? removedAt(before[p] as number, labels[p] as number, visible) : 0;
      if (removed === open) continue;
      if (open !== 0) runs.push({ column: from, row, length: column - from, label: open });
      open = removed;
      from = column;
    }
  }
  return runs;
}

function removedAt(before: number, now: number, visible: Uint8Array): number {
  if (before === now) return 0;
  return changeOf(before, now) & REMOVED && visible[before] === 1 ? before : 0;
}

/** Diagonal lines of one colour, made once per colour. */
export class HatchPatterns {
  private readonly patterns = new Map<string, CanvasPattern>();

  of(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
    const known = this.patterns.get(colour);
    if (known !== undefined) return known;
    const pattern = context.createPattern(hatchTile(colour), 'repeat');
    if (pattern === null) return colour;
    this.patterns.set(colour, pattern);
    return pattern;
  }
}

function hatchTile(colour: string): HTMLCanvasElement {
  const tile = document.createElement('canvas');
  tile.width = HATCH_PX;
  tile.height = HATCH_PX;
  const context = contextOf(tile, {});
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    context.moveTo(shift, HATCH_PX);
    context.lineTo(shift + HATCH_PX, 0);
  }
  context.stroke();
  return tile;
}
