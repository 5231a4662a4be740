import { describe, expect, it } from 'vitest';
import { NO_SPACING, spacingOf, spacingProblem } from './spacingDraft';

describe('spacingOf', () => {
  it('takes points and commas', () => {
    expect(spacingOf(['0.7', '0,8', ' 2.5 '])).toEqual([0.7, 0.8, 2.5]);
  });

  it.each([
    [['', '1', '1']],
    [['0', '1', '1']],
    [['1', '-1', '1']],
    [['1', '1', '20']],
    [['1', 'wide', '1']],
    [['Infinity', '1', '1']],
  ] as const)('refuses %j', (draft) => {
    expect(spacingOf(draft)).toBeNull();
  });
});

describe('spacingProblem', () => {
  it('waits until all three are typed', () => {
    expect(spacingProblem(NO_SPACING)).toBeNull();
    expect(spacingProblem(['99', '', ''])).toBeNull();
  });

  it('says what is wrong', () => {
    expect(spacingProblem(['1', '1', '25'])).toBe('Each number has to be above 0 and below 20 mm.');
    expect(spacingProblem(['1', '1', '2'])).toBeNull();
  });
});
