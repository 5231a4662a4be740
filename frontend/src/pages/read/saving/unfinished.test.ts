import { expect, test } from 'vitest';
import type { Structure } from '../../../api';
import { type CaseFacts, openWords, summaryWords, unfinishedOf } from './unfinished';

const structure = (key: string, value: number) => ({ key, name: key, layer: 0, value }) as Structure;
const [liver, spleen, aorta, bladder] = ['liver', 'spleen', 'aorta', 'bladder'].map((key, at) =>
  structure(key, at + 1),
) as [Structure, Structure, Structure, Structure];

function facts(change: Partial<CaseFacts> = {}): CaseFacts {
  return {
    structures: [liver, spleen, aorta, bladder],
    isDrawn: () => true,
    isPredicted: () => true,
    lookedShare: () => 1,
    regions: 3,
    done: new Set([0, 1, 2]),
    ...change,
  };
}

test('a case that was looked at everywhere has nothing unfinished', () => {
  const unfinished = unfinishedOf(facts());
  expect(unfinished).toEqual({ structures: [], regions: 3, regionsNotVisited: 0 });
  expect(summaryWords(unfinished)).toBe('Every structure is drawn and was looked at.');
});

test('what the model drew and is empty now comes first, then what was looked at least, then what is absent', () => {
  const unfinished = unfinishedOf(
    facts({
      isDrawn: ({ key }) => key !== 'bladder' && key !== 'liver',
      isPredicted: ({ key }) => key !== 'liver',
      lookedShare: ({ key }) => ({ spleen: 0.996, aorta: 0.25 })[key] ?? 0,
      done: new Set([1]),
    }),
  );
  expect(unfinished.structures.map(({ structure: { key } }) => key)).toEqual([
    'bladder',
    'aorta',
    'spleen',
    'liver',
  ]);
  expect(unfinished.structures.map(openWords)).toEqual([
    'nothing is drawn, but the model drew it',
    'looked at 25 %',
    'looked at 99 %',
    'nothing is drawn',
  ]);
  expect(summaryWords(unfinished)).toBe(
    '2 of 3 suspicious regions were not visited. 4 structures are unfinished:',
  );
});

test('marks of regions that are not there are not counted', () => {
  expect(unfinishedOf(facts({ regions: 2, done: new Set([0, 7]) })).regionsNotVisited).toBe(1);
  expect(summaryWords(unfinishedOf(facts({ regions: 4, done: new Set() })))).toBe(
    'None of the 4 suspicious regions was visited.',
  );
});

test('a structure without voxels has no share to be looked at', () => {
  const { structures } = unfinishedOf(
    facts({ isDrawn: ({ key }) => key !== 'aorta', lookedShare: () => null }),
  );
  expect(structures.map(({ structure: { key }, lookedShare }) => [key, lookedShare])).toEqual([
    ['aorta', null],
  ]);
});
