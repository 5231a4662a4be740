import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment, Structure } from '../../../api';
import { nextToJudge, tallyOf, toJudge, useJudged } from './judgedStore';

const STRUCTURES = ['liver', 'spleen', 'aorta', 'bladder'].map(
  (key, at) => ({ key, name: key, layer: 0, value: at + 1 }) as Structure,
);
const ASSIGNMENT = {
  id: 5,
  judged: [{ structure: 'spleen', verdict: 'accept', acceptability: 4 }],
  structures: STRUCTURES,
  asked: ['liver', 'spleen', 'aorta'],
  not_looked_at: ['aorta'],
} as unknown as Assignment;

type Sent = { structure: string; verdict: string; acceptability: number | null }[];

describe('verdicts on structures', () => {
  let asked: Sent[];
  let refuses: boolean;

  beforeEach(() => {
    asked = [];
    refuses = false;
    vi.stubGlobal('document', { cookie: 'csrftoken=x' });
    vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
      expect(path).toBe('/api/assignments/5/judged/');
      const { structures } = JSON.parse(String(init.body)) as { structures: Sent };
      asked.push(structures);
      await Promise.resolve();
      return refuses
        ? Response.json({ detail: 'This review ended already.' }, { status: 409 })
        : Response.json({ structures });
    });
    useJudged.getState().open(ASSIGNMENT);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('are sent with what was said before, the grade beside the verdict', async () => {
    const { say, rate, settled } = useJudged.getState();
    say('liver', 'return');
    rate('liver', 2);
    say('spleen', null);
    expect(await settled()).toBeNull();
    expect(asked.at(-1)).toEqual([{ structure: 'liver', verdict: 'return', acceptability: 2 }]);
  });

  it('follow from a grade where nothing was said, and from nothing else', () => {
    const { rate } = useJudged.getState();
    const verdict = (key: string) => useJudged.getState().judged.get(key)?.verdict;
    rate('liver', 3);
    expect(verdict('liver')).toBe('accept');
    rate('liver', 1);
    expect(verdict('liver')).toBe('accept');
    rate('bladder', 2);
    expect(verdict('bladder')).toBe('return');
  });

  it('that the server refuses are taken back, with its sentence, once', async () => {
    refuses = true;
    useJudged.getState().say('liver', 'accept');
    expect(await useJudged.getState().settled()).toBe('Not noted. This review ended already.');
    expect([...useJudged.getState().judged.keys()]).toEqual(['spleen']);
    expect(await useJudged.getState().settled()).toBeNull();
  });

  it('are asked of what the read is about and was looked at', () => {
    expect(toJudge(ASSIGNMENT).map(({ key }) => key)).toEqual(['liver', 'spleen']);
    const { all, left, returned } = tallyOf(ASSIGNMENT, useJudged.getState().judged);
    expect([all, left.map(({ key }) => key), returned]).toEqual([2, ['liver'], []]);
  });

  it('lead to the next structure without one, going round', () => {
    const { judged } = useJudged.getState();
    expect(nextToJudge(STRUCTURES, judged, 'bladder')?.key).toBe('liver');
    expect(nextToJudge(STRUCTURES, judged, 'liver')?.key).toBe('aorta');
    expect(nextToJudge(STRUCTURES.slice(1, 2), judged, 'spleen')).toBeNull();
  });
});
