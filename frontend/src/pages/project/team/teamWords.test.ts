import { describe, expect, it } from 'vitest';
import { leavingSentence, levelOf, linkOf, people } from './teamWords';

describe('the words of a team', () => {
  it('puts the secret where no server sees it', () => {
    const link = new URL(linkOf('abc_-1', 'https://delineate.example'));
    expect(link.pathname).toBe('/invitation');
    expect(link.search).toBe('');
    expect(link.hash).toBe('#abc_-1');
  });

  it('says what becomes of open reads', () => {
    expect(leavingSentence('Ana', 0)).toBe(
      'Ana will see nothing of this project any more. Finished reads stay.',
    );
    expect(leavingSentence('Ana', 1)).toContain('The open read goes back to the pool');
    expect(leavingSentence('Ana', 3)).toContain('The 3 open reads go back to the pool');
  });

  it('counts people and reads levels', () => {
    expect([people(1), people(4), levelOf('3')]).toEqual(['1 person', '4 people', 3]);
  });
});
