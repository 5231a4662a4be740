import type { KnownDataSet, LabelSeen, Seen } from '../../../api';

/** `exact`, `synonym`, `alike, 83 %`. */
export function howWords({ how, confidence }: LabelSeen['candidates'][number]): string {
  return how === 'fuzzy' ? `alike, ${Math.round(100 * confidence)} %` : how;
}

/** As a label is spoken of: by its name, or its value where it has none. */
export function labelWords({ name, value }: Pick<LabelSeen, 'name' | 'value'>): string {
  return name === '' ? `value ${value}` : `“${name}”`;
}

function counted(count: number, one: string, many: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

/** `12 scans, 10 of them with labels.` */
export function scanWords({ scans, delineated }: Pick<Seen, 'scans' | 'delineated'>): string {
  if (scans === 0) {
    return 'No scan was found.';
  }
  const found = counted(scans, 'scan', 'scans');
  if (delineated === 0) {
    return `${found}, none with labels.`;
  }
  return delineated === scans ? `${found}, all with labels.` : `${found}, ${delineated} of them with labels.`;
}

export function dataSetWords({ cases, labelled }: Pick<KnownDataSet, 'cases' | 'labelled'>): string {
  return scanWords({ scans: cases, delineated: labelled });
}

/** `3 places want a decision first: they are marked.` */
export function openWords(count: number): string {
  return count === 1
    ? '1 place wants a decision first; it is marked.'
    : `${count} places want a decision first; they are marked.`;
}
