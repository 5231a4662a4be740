/** Figures of a forecast in words. */

import type { PlanForecast, Requirement } from '../../../api';

/** `12 %`, `2.5 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

/** `34 h`, `3.5 h`, `0 h`. */
export function hours(value: number): string {
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} h`;
}

export interface CostLine {
  readonly name: string;
  readonly reads: number;
  readonly hours: number;
  readonly note: string;
}

/** What is read, purpose by purpose; the hours add up to those of the forecast. */
export function costLines(forecast: PlanForecast): readonly CostLine[] {
  const { assumed, calibration_reads: calibration, scratch_reads: scratch } = forecast;
  const drawn = assumed.minutes / 60;
  const { cases, readers } = assumed;
  return [
    { name: 'Routine', reads: cases, hours: forecast.routine_hours, note: 'every case once' },
    {
      name: 'Calibration',
      reads: calibration,
      hours: (calibration - scratch) * drawn + (scratch * assumed.minutes_scratch) / 60,
      note: `by ${readers === 1 ? 'the one annotator' : `each of ${readers} annotators`}, ${scratch} from nothing`,
    },
    { name: 'Second reads', reads: forecast.double_reads, hours: forecast.double_reads * drawn, note: '' },
    { name: 'Repeats', reads: forecast.repeat_reads, hours: forecast.repeat_reads * drawn, note: '' },
    { name: 'Gold', reads: forecast.gold_reads, hours: forecast.gold_reads * drawn, note: '' },
  ];
}

export interface WidthLine {
  readonly name: string;
  /** Of the 95 % interval, null where the plan measures nothing of it. */
  readonly width: string | null;
  readonly words: string;
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** What will be known, and how well. */
export function widthLines(forecast: PlanForecast): readonly WidthLine[] {
  return [meanLine(forecast), iccLine(forecast), limitsLine(forecast), withinLine(forecast)];
}

function meanLine({ mean_dice: width }: PlanForecast): WidthLine {
  const name = 'Mean Dice';
  if (width === null) {
    return { name, width, words: 'Needs two calibration cases and a reader.' };
  }
  return {
    name,
    width: `± ${width.toFixed(3)}`,
    words: `A mean of 0.900 would be known to lie between ${(0.9 - width).toFixed(3)} and ${Math.min(1, 0.9 + width).toFixed(3)}.`,
  };
}

function iccLine({ icc: width, assumed, pairs }: PlanForecast): WidthLine {
  const name = 'Agreement between readers (ICC)';
  if (width === null) {
    return { name, width, words: 'Needs two readers of the same cases: calibration cases or second reads.' };
  }
  const low = Math.max(-1, assumed.icc - width);
  return {
    name,
    width: `± ${width.toFixed(2)}`,
    words: `An ICC of ${assumed.icc.toFixed(2)} would be known to lie between ${low.toFixed(2).replace('-', '−')} and ${Math.min(1, assumed.icc + width).toFixed(2)}, from ${plural(pairs, 'pair', 'pairs')} of reads.`,
  };
}

function limitsLine({ limits_of_agreement: width, double_reads: reads }: PlanForecast): WidthLine {
  const name = 'Limits of agreement of volumes';
  if (width === null) {
    return { name, width, words: 'Needs two second reads at least.' };
  }
  return {
    name,
    width: `± ${width.toFixed(2)} SD`,
    words: `Each limit, in SDs of the differences between two readers, from ${reads} second reads.`,
  };
}

function withinLine({
  within_reader: all,
  within_each_reader: each,
  repeat_reads: reads,
}: PlanForecast): WidthLine {
  const name = 'Readers with themselves (SD)';
  if (all === null) {
    return { name, width: null, words: 'Needs repeats.' };
  }
  const one =
    each === null || each > 1
      ? 'too few to tell for a reader alone'
      : `± ${Math.round(100 * each)} % for a reader alone`;
  return {
    name,
    width: `± ${Math.round(100 * all)} %`,
    words: `Of that SD, all readers together, from ${plural(reads, 'repeat', 'repeats')}; ${one}.`,
  };
}

/** What the figures rest on beside what stands in the fields. */
export function restsOn({ assumed }: PlanForecast): string {
  const minutes = `${Number(assumed.minutes_scratch.toFixed(1))} min for a read from nothing`;
  const source = assumed.minutes_measured
    ? 'minutes as measured in this project'
    : 'minutes as usual, until five reads are handed in';
  const { sd_case: between, sd_reader: reader, sd_residual: rest } = assumed;
  return `And on ${minutes} (${source}), and on SDs of Dice of ${between} between cases, ${reader} between readers and ${rest} beside.`;
}

export const METRICS: Readonly<Record<Requirement['metric'], string>> = {
  dice: 'Dice',
  surface_dice: 'Surface Dice',
  hd95_mm: '95 % Hausdorff distance',
  assd_mm: 'Mean surface distance',
};

export const COMPARATORS: Readonly<Record<Requirement['comparator'], string>> = {
  inter: 'Another reader',
  gold: 'The known answer',
  review: 'The reviewer',
  prediction: 'The prediction',
};

export const isDistance = (metric: Requirement['metric']): boolean => metric.endsWith('_mm');

/** `at least 0.9`, `at most 4 mm`. */
export function thresholdWords({ metric, threshold }: Pick<Requirement, 'metric' | 'threshold'>): string {
  return isDistance(metric) ? `at most ${threshold} mm` : `at least ${threshold}`;
}
