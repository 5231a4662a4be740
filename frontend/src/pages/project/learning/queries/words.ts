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
export function regionWords({ place, region_mm: mm }: Pick<Chosen, 'place' | 'region_mm'>): string {
  return mm === null ? '' : `${place}; ${mm.map(Math.round).join(' × ')} mm`;
}

/**
 * Of scans that were predicted before what parts are chosen by was kept: what readers get of them. Empty where there
 * are none.
 */
export function wholeWords(unit: Queries['unit'], { scans, no_slab, no_cube }: Queries['predicted']): string {
  const [without, parts] = unit === 'cube' ? [no_cube, 'cubes'] : [no_slab, 'slabs'];
  if (unit === 'volume' || without === 0) return '';
  const until = 'until another model serves and has predicted them';
  if (without === scans) {
    return `The unread scans were predicted before ${parts} could be chosen: readers get them whole ${until}.`;
  }
  return `${without} of ${scans} unread scans ${without === 1 ? 'was' : 'were'} predicted before ${parts} could be chosen: the strategy passes over them ${until}.`;
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
