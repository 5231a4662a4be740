/** Comparisons of reads in words. */

import type { Scoring } from '../../api';

export function underWayWords({ waiting, done, total }: Scoring): string {
  if (total > 0) {
    return `Reads are being compared: ${done} of ${total} cases.`;
  }
  return waiting === 1
    ? 'One case is being compared; its figures follow.'
    : `${waiting} comparisons are under way; their figures follow.`;
}

export function failureWords({ failed, failures }: Scoring): string {
  if (failures.some(({ number }) => number === null)) {
    return 'Comparing the reads of the project failed, so figures may lack cases. Nothing that was compared is lost.';
  }
  const cases = failed === 1 ? 'one case' : `${failed} cases`;
  const them = failed === 1 ? 'it' : 'them';
  return `Comparing the reads of ${cases} failed, so figures lack ${them}. Nothing that was drawn or compared is lost.`;
}
