import { afterEach, expect, test, vi } from 'vitest';
import { ApiError, NetworkError, requestJson } from './client';

const seen: { path: string; init: RequestInit }[] = [];

function answerWith(answer: () => Response, cookie = 'theme=dark; csrftoken=a%2Bb'): void {
  seen.length = 0;
  vi.stubGlobal('document', { cookie });
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    seen.push({ path, init });
    return Promise.resolve().then(answer);
  });
}

afterEach(() => vi.unstubAllGlobals());

test('a write carries the CSRF token of the cookie, a read does not', async () => {
  answerWith(() => Response.json({ ok: true }));
  await requestJson('/api/me/');
  await requestJson('/api/worklist/next/', { method: 'POST', json: { project: 1 } });
  expect(seen.map(({ init }) => new Headers(init.headers).get('X-CSRFToken'))).toEqual([null, 'a+b']);
  expect(seen[1]?.init.body).toBe('{"project":1}');
});

test('the cookie of an installation with HTTPS has a prefix', async () => {
  answerWith(() => Response.json({ ok: true }), 'theme=dark; __Host-csrftoken=c');
  await requestJson('/api/worklist/next/', { method: 'POST', json: { project: 1 } });
  expect(new Headers(seen[0]?.init.headers).get('X-CSRFToken')).toBe('c');
});

test('a first write without a token asks for one', async () => {
  answerWith(() => new Response(null, { status: 204 }), '');
  await requestJson('/api/jobs/1/cancel/', { method: 'POST' });
  expect(seen.map(({ path }) => path)).toEqual(['/api/csrf/', '/api/jobs/1/cancel/']);
});

test('a refusal keeps its sentence, its status and what was added', async () => {
  answerWith(() => Response.json({ detail: 'The mask is at revision 9.', head: 9 }, { status: 409 }));
  const error = await requestJson('/api/x/').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 409, detail: 'The mask is at revision 9.', extra: { head: 9 } });
});

test('a page of some proxy instead of an answer still gives a sentence', async () => {
  answerWith(() => new Response('<html>Bad gateway</html>', { status: 502 }));
  await expect(requestJson('/api/x/')).rejects.toThrow('The server has a problem. Try again in a moment.');
});

test('no answer, and an answer cut off, are network errors', async () => {
  answerWith(() => {
    throw new TypeError('Failed to fetch');
  });
  await expect(requestJson('/api/x/')).rejects.toBeInstanceOf(NetworkError);
  answerWith(() => new Response('{"half": '));
  await expect(requestJson('/api/x/')).rejects.toBeInstanceOf(NetworkError);
});
