/** How a chart with a line for every reader of every structure is laid out. */

export interface StructureLine {
  readonly structure: string;
  readonly label: string;
}

/** Two pieces of so many lines fit onto a sheet. */
const MOST_LINES = 24;

/** Pieces of whole structures, each with as many as fit. */
export function inPieces<Line extends StructureLine>(lines: readonly Line[]): readonly (readonly Line[])[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    groups.set(line.structure, [...(groups.get(line.structure) ?? []), line]);
  }
  const pieces: Line[][] = [];
  for (const group of groups.values()) {
    const last = pieces.at(-1);
    if (last !== undefined && last.length + group.length <= MOST_LINES) {
      last.push(...group);
    } else {
      pieces.push(group);
    }
  }
  return pieces;
}

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const ABOUT = 6;

/** Round ends around all values: overlaps end at 1, distances begin at 0. */
export function axisEnds(
  values: readonly number[],
  kind: 'from zero' | 'up to one',
): { readonly min: number; readonly max: number } {
  const least = kind === 'from zero' ? 0 : Math.max(0, Math.min(1, ...values));
  const most = kind === 'up to one' ? 1 : Math.max(0, ...values);
  const step = STEPS.find((one) => most - least <= ABOUT * one) ?? (most - least) / ABOUT;
  const round = (value: number): number => Number((value * step).toFixed(6));
  return kind === 'from zero'
    ? { min: 0, max: round(Math.max(1, Math.ceil(most / step - 1e-9))) }
    : { min: Math.max(0, round(Math.min(1 / step - 1, Math.floor(least / step + 1e-9)))), max: 1 };
}
