import { afterEach, expect, test, vi } from 'vitest';
import type { Preferences } from '../../../api';
import { actionCalled, useKeyStore } from './keyStore';

const ERASER = 'tool.eraser';
const kept = (keys: Record<string, string>): Preferences => ({ keys }) as unknown as Preferences;

afterEach(() => vi.unstubAllGlobals());

test('keys are there when they were read; a choice made meanwhile is not undone by an older answer', async () => {
  const answers: ((answer: Response) => void)[] = [];
  const sent: string[] = [];
  vi.stubGlobal('document', { cookie: 'csrftoken=t' });
  vi.stubGlobal('fetch', (_: string, { method, body }: RequestInit) => {
    sent.push(`${method} ${body ?? ''}`);
    if (method === 'PUT') return Promise.resolve(new Response(body));
    return new Promise<Response>((answer) => answers.push(answer));
  });
  const eraser = actionCalled(ERASER) ?? expect.fail('there is no eraser');
  const { load, choose } = useKeyStore.getState();
  const first = load();
  answers[0]?.(Response.json(kept({ [ERASER]: '8' })));
  await first;
  expect(useKeyStore.getState().custom).toEqual({ [ERASER]: '8' });

  // The next case does not wait for what is known.
  await load();
  await choose(eraser, '9');
  answers[1]?.(Response.json(kept({ [ERASER]: '8' })));
  await new Promise((resume) => setTimeout(resume, 5));
  expect(useKeyStore.getState().custom).toEqual({ [ERASER]: '9' });
  expect(sent.at(-1)).toBe(`PUT ${JSON.stringify({ keys: { [ERASER]: '9' } })}`);
});
