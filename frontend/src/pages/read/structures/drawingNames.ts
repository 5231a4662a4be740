import type { Drawing } from '../../../viewer';

export const DRAWING_NAMES: Readonly<Record<Drawing, string>> = {
  both: 'Both',
  outline: 'Outline',
  fill: 'Fill',
};
