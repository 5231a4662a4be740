/** How long the bar is that tells millimetres from pixels. */

const STEPS = [1, 2, 5];

export interface ScaleBar {
  readonly mm: number;
  readonly px: number;
  /** As it is written: whole centimetres from ten millimetres on. */
  readonly words: string;
}

/** The longest round length (1, 2, 5, 10, 20 … mm) that takes at most so many pixels. */
export function scaleBar(pixelsPerMm: number, mostPx: number): ScaleBar {
  const most = mostPx / pixelsPerMm;
  const decade = 10 ** Math.floor(Math.log10(most));
  const mm = decade * (STEPS.findLast((step) => step * decade <= most * (1 + 1e-9)) ?? 1);
  const words = mm >= 10 ? `${Math.round(mm / 10)} cm` : `${Number(mm.toPrecision(1))} mm`;
  return { mm, px: mm * pixelsPerMm, words };
}
