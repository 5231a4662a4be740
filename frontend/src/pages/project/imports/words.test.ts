import { expect, test } from 'vitest';
import type { Finding } from '../../../api';
import { causeWords, countWords, kindOf, progressWords, shownOf, timesWords, untilNowWords } from './words';

const FINDING: Finding = {
  source: 'a.dcm (series 1 of 2, 40 files)',
  outcome: 'accepted',
  cause: 'regular',
  message: '',
  notes: [],
  case: 3,
  case_id: 33,
  shape: [512, 512, 40],
  spacing_mm: [0.703125, 0.703125, 2.5],
};
const STACKS: Finding = { ...FINDING, source: 'b.dcm', outcome: 'warned', cause: 'several_stacks' };
const TILT: Finding = {
  ...FINDING,
  source: 'c.dcm',
  outcome: 'resampled',
  cause: 'gantry_tilt',
  message: 'Sheared by 12°.',
  notes: ['Liver lies left of the spleen.'],
};

test('a series that was split counts as that, whatever its outcome is called', () => {
  expect([FINDING, STACKS, TILT].map(kindOf)).toEqual(['accepted', 'split', 'resampled']);
});

test.each([
  [null, '', ['a.dcm (series 1 of 2, 40 files)', 'b.dcm', 'c.dcm']],
  ['split', '', ['b.dcm']],
  [null, ' SHEARED', ['c.dcm']],
  [null, 'left of the', ['c.dcm']],
  [null, 'several stacks', ['b.dcm']],
  ['accepted', 'c.dcm', []],
] as const)('kind %s and “%s” leave %o', (kind, typed, sources) => {
  expect(shownOf([FINDING, STACKS, TILT], kind, typed).map(({ source }) => source)).toEqual(sources);
});

test('grids in short', () => {
  expect(timesWords(FINDING.shape)).toBe('512 × 512 × 40');
  expect(timesWords(FINDING.spacing_mm, 'mm')).toBe('0.7031 × 0.7031 × 2.5 mm');
  expect(timesWords(null, 'mm')).toBe('—');
});

test('causes in words, unknown ones in their own', () => {
  expect(causeWords('gantry_tilt')).toBe('Gantry tilt');
  expect(causeWords('something_new')).toBe('Something new');
});

test('only what there is is counted aloud', () => {
  const none = { accepted: 0, warned: 0, split: 0, resampled: 0, skipped: 0, refused: 0 };
  expect(countWords({ ...none, accepted: 12, warned: 2, refused: 1 })).toBe(
    '12 accepted, 2 with a warning, 1 refused',
  );
  expect(countWords(none)).toBe('nothing found');
  expect(countWords(null)).toBe('—');
});

test('how far an import is', () => {
  expect(progressWords({})).toBe('Begins');
  expect(progressWords({ stage: 'importing', done: 3, total: 40, seconds_left: 190 })).toBe(
    'Importing: 3 of 40, about 3 min left',
  );
  expect(progressWords({ stage: 'looking', done: 0, total: 0 })).toBe('Looking at the files');
});

test('an import that goes on says what it came to until now', () => {
  const counts = { accepted: 300, warned: 0, split: 0, resampled: 0, skipped: 0, refused: 1 };
  const report = { counts, findings: [FINDING, TILT] };
  expect(untilNowWords({ ...report, state: 'running' })).toBe(
    'Until now: 300 accepted, 1 refused. The newest 2 are shown; the downloads have all.',
  );
  const two = { ...report, counts: { ...counts, accepted: 1 } };
  expect(untilNowWords({ ...two, state: 'cancelled' })).toBe('Before it ended: 1 accepted, 1 refused.');
  expect(untilNowWords({ ...report, state: 'succeeded' })).toBe('');
});
