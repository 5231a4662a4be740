import type { Chosen, Queries, StrategyName, WhatIf } from '../../../../api';

export const STRATEGIES: Readonly<Record<StrategyName, string>> = {
  random: 'random',
  fg_random: 'random, aware of structures',
  entropy: 'entropy',
  bald: 'BALD',
  power_bald: 'PowerBALD',
  clasp_pe: 'ClaSP-PE',
  typiclust: 'TypiClust',
  kcenter: 'k-centre',
  edit_time: 'gain per minute',
};

export const ARMS: Readonly<Record<Chosen['arm'], string>> = {
  strategy: 'strategy',
  control: 'control',
  cold_start: 'cold start',
};

/** Small scores differ in their first digits, not in a fixed number of places. */
export function scoreWords(score: number | null): string {
  return score === null ? '—' : score.toPrecision(3);
}

export function minutesWords(minutes: number | null): string {
  return minutes === null ? '—' : `${minutes < 10 ? minutes.toFixed(1) : Math.round(minutes)} min`;
}

/** `slices 40–55; 410 × 410 × 32 mm`; empty for a whole scan. */
export function regionWords({ region, region_mm: mm }: Pick<Chosen, 'region' | 'region_mm'>): string {
  if (region === null || mm === null) return '';
  const [first, behind] = [region.start[2] as number, region.stop[2] as number];
  return `slices ${first}–${behind - 1}; ${mm.map(Math.round).join(' × ')} mm`;
}

/** What readers get of a case, where it is less than all of it. */
export function unitWords({ unit, slab_mm, cube_mm }: Pick<Queries, 'unit' | 'slab_mm' | 'cube_mm'>): string {
  if (unit === 'volume') return '';
  return unit === 'slab'
    ? ` Readers get slabs of about ${slab_mm} mm.`
    : ` Readers get cubes of about ${cube_mm} mm.`;
}

/** How many trainings a replay needs: the first one of a seed serves every strategy. */
export function trainingsOf(
  { start, query, budget }: WhatIf['usual'],
  strategies: number,
  seeds: number,
): number {
  return seeds * (1 + strategies * Math.ceil((budget - start) / query));
}

/** Said before anything starts. */
export function costWords(trainings: number, seconds: number): string {
  const minutes = (trainings * seconds) / 60;
  const time =
    minutes < 90 ? `${Math.max(1, Math.round(minutes))} min` : `${(minutes / 60).toFixed(1)} hours`;
  return `${trainings} trainings of ${seconds} s: about ${time}, and predicting in between.`;
}
