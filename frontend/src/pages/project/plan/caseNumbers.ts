/** Cases as people write them: `3, 7, 12–15`. */

const MOST = 1000;

/** The numbers, each once and in order; null where the text is something else. */
export function caseNumbers(text: string): readonly number[] | null {
  const found = new Set<number>();
  for (const piece of text.replace(/\s*[-–]\s*/g, '–').split(/[,;\s]+/)) {
    if (piece === '') {
      continue;
    }
    const match = /^(\d{1,7})(?:–(\d{1,7}))?$/.exec(piece);
    if (match === null) {
      return null;
    }
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first < 1 || last < first || last - first >= MOST) {
      return null;
    }
    for (let number = first; number <= last; number += 1) {
      found.add(number);
    }
  }
  return [...found].sort((one, other) => one - other);
}

/** `3, 7, 12–15`. */
export function inRuns(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const run = runs.at(-1);
    if (run !== undefined && number === run[1] + 1) {
      run[1] = number;
    } else {
      runs.push([number, number]);
    }
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}
