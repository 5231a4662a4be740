/** Limits of painting in a few words. */
import type { Structure } from '../../../api';
import type { EditMask } from '../../../voxels';
import { signed } from '../../words';

const NAMED = 2;

/** Null where painting is not limited. */
export function paintWords(
  { area, structures: chosen, hu, slices }: EditMask,
  structures: readonly Structure[],
): string | null {
  const names = chosen.map(
    ({ layer, value }) => structures.find((one) => one.layer === layer && one.value === value)?.name ?? '?',
  );
  const whom = whomWords(names);
  const parts = [
    area === 'inside' || area === 'outside' ? `only ${area} ${whom}` : '',
    area === 'background' ? 'only where nothing is drawn' : '',
    hu === null ? '' : `HU ${signed(hu[0], 0)}…${signed(hu[1], 0)}`,
    slices === null ? '' : `${slices.plane} ${span(slices.first, slices.last)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join(' · ');
}

function whomWords(names: readonly string[]): string {
  if (names.length === 0) return '… (choose structures)';
  return names.length > NAMED ? `${names.length} structures` : names.join(', ');
}

function span(first: number, last: number): string {
  return first === last ? `slice ${first}` : `slices ${first}–${last}`;
}
