import { expect, test } from 'vitest';
import { clock, duration, inThousands, millilitres, saveBadge, saveSentence, signed } from './words';

test('times read as a clock or as a rough duration', () => {
  expect([0, 252, 3600 + 4 * 60 + 12].map(clock)).toEqual(['00:00', '04:12', '1:04:12']);
  expect([40, 372, 7500].map(duration)).toEqual(['40 s', '6 min', '2 h 5 min']);
});

test('volumes keep three figures and group thousands', () => {
  expect([0, 0.336, 20.31, 203.4, 1512.4].map(millilitres)).toEqual([
    '—',
    '0.34 mL',
    '20.3 mL',
    '203 mL',
    '1\u202f512 mL',
  ]);
});

test('negative figures have a real minus sign', () => {
  expect(signed(-402.54)).toBe('−402.5');
});

test('whole numbers are read in thousands', () => {
  expect(inThousands(721557)).toBe('721\u202f557');
  expect(inThousands(940)).toBe('940');
});

test('trouble says what was kept and what to do', () => {
  expect(saveSentence({ kind: 'offline', strokes: 7, detail: '' })).toBe(
    'Your 7 strokes are kept on this computer and will be sent when the connection is back.',
  );
  expect(saveSentence({ kind: 'signedOut', strokes: 1, detail: '' })).toBe(
    'Your 1 stroke is kept on this computer. Sign in again and it will be sent.',
  );
  expect(saveBadge({ kind: 'conflict', strokes: 2, detail: '' })).toBe('conflict · 2 strokes kept');
});
