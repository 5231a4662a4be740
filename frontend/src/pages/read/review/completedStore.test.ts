import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment, Structure } from '../../../api';
import { toggleCompleted, useCompleted } from './completedStore';

const ASSIGNMENT = {
  id: 5,
  completed: ['spleen'],
  not_looked_at: ['spleen', 'aorta'],
} as unknown as Assignment;

/** What the server was asked to keep, and what it answers. */
let asked: string[][];
let answers: ((keys: string[]) => Response)[];

const kept = (keys: string[]): Response => Response.json({ structures: keys });
const refused = (): Response => Response.json({ detail: 'This review ended already.' }, { status: 409 });

describe('what a reviewer completed', () => {
  beforeEach(() => {
    asked = [];
    answers = [];
    vi.stubGlobal('document', { cookie: 'csrftoken=x' });
    vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
      expect(path).toBe('/api/assignments/5/completed/');
      const { structures } = JSON.parse(String(init.body)) as { structures: string[] };
      asked.push(structures);
      await Promise.resolve();
      return (answers.shift() ?? kept)(structures);
    });
    useCompleted.getState().open(ASSIGNMENT);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const keys = (): string[] => [...useCompleted.getState().keys].sort();

  it('is sent with each tick, one request after the other', async () => {
    const { toggle, settled } = useCompleted.getState();
    toggle('aorta');
    toggle('spleen');
    expect(keys()).toEqual(['aorta']);
    expect(await settled()).toBeNull();
    expect(asked.map((one) => one.sort())).toEqual([['aorta'], ['aorta']]);
  });

  it('is taken back where the server refuses, which is said once', async () => {
    answers = [refused];
    const { toggle, settled } = useCompleted.getState();
    toggle('aorta');
    expect(await settled()).toBe('Not marked. This review ended already.');
    expect(keys()).toEqual(['spleen']);
    expect(await settled()).toBeNull();
  });

  it('goes back to what was acknowledged, not to what was ticked', async () => {
    answers = [kept, refused];
    const { toggle, settled } = useCompleted.getState();
    toggle('aorta');
    await settled();
    toggle('spleen');
    await settled();
    expect(keys()).toEqual(['aorta', 'spleen']);
  });

  it('says nothing of another case', async () => {
    const { toggle, settled } = useCompleted.getState();
    toggle('aorta');
    useCompleted.getState().open({ id: 6, completed: [] });
    await settled();
    expect([asked, keys()]).toEqual([[], []]);
  });

  it('is only ever a structure that was left out', async () => {
    toggleCompleted(ASSIGNMENT, { key: 'liver' } as Structure);
    toggleCompleted(ASSIGNMENT, null);
    expect(keys()).toEqual(['spleen']);
    toggleCompleted(ASSIGNMENT, { key: 'aorta' } as Structure);
    await useCompleted.getState().settled();
    expect(asked).toEqual([['spleen', 'aorta']]);
  });
});
