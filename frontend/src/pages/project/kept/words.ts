/** What is kept of a scan, in words. */

import type { KeptScan } from '../../../api';

const HEADER: Readonly<Record<string, { readonly name: string; readonly unit?: string }>> = {
  manufacturer: { name: 'Manufacturer' },
  model: { name: 'Model' },
  kvp: { name: 'Tube voltage', unit: 'kV' },
  kernel: { name: 'Kernel' },
  slice_thickness_mm: { name: 'Slice thickness', unit: 'mm' },
  pixel_spacing_mm: { name: 'Pixel spacing', unit: 'mm' },
  body_part: { name: 'Body part' },
  patient_position: { name: 'Patient position' },
  contrast_agent: { name: 'Contrast agent' },
};

/** Rows of a small table; what this page does not know is shown as it stands. */
export function headerRows(
  header: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  const order = Object.keys(HEADER);
  const place = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.entries(header)
    .sort(([one], [other]) => place(one) - place(other) || one.localeCompare(other))
    .map(([key, value]) => {
      const { name, unit } = HEADER[key] ?? { name: key.replaceAll('_', ' ') };
      return [name, unit === undefined ? valueWords(value) : `${valueWords(value)} ${unit}`];
    });
}

function valueWords(value: unknown): string {
  if (typeof value === 'boolean') {
    return value ? 'yes' : 'no';
  }
  return Array.isArray(value) ? value.map(String).join(' × ') : String(value);
}

export function shapeWords({ shape }: Pick<KeptScan, 'shape'>): string {
  return `${shape.join(' × ')} voxels`;
}

export function spacingWords({
  spacing_mm,
  spacing_known,
}: Pick<KeptScan, 'spacing_mm' | 'spacing_known'>): string {
  if (!spacing_known) {
    return 'not known';
  }
  return `${spacing_mm.map((mm) => String(Math.round(mm * 1000) / 1000)).join(' × ')} mm`;
}

/** A copy, how alike, and what follows from it. */
export function copyWords({
  number,
  split,
  same_slices,
  same_look,
  certain,
}: KeptScan['copies'][number]): string {
  const which = number === null ? 'a case of another project' : `case ${number} (${split ?? '?'})`;
  const alike =
    same_slices > 0
      ? `${Math.round(100 * same_slices)} % of the slices are the same`
      : `no slice is the same, but the body looks alike (correlation ${same_look.toFixed(2)})`;
  return `${which}: ${alike}${certain ? '; a certain copy, which shares its split' : ''}`;
}
