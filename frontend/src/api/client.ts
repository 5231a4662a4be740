/** The only place that calls `fetch`: session cookie, CSRF header, and errors as `ApiError`. */

import { activityHeaders } from './activity';

export class ApiError extends Error {
  readonly status: number;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.detail = detail;
    this.extra = extra;
  }
}

/** The request never reached the server, or its answer never reached us. */
export class NetworkError extends Error {
  constructor(cause: unknown) {
    super('The server cannot be reached. Check the network connection; nothing was changed.', { cause });
    this.name = 'NetworkError';
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Somebody waits for it: it goes before parts of scans. */
  readonly priority?: 'high';
}

export async function requestJson<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await request(path, options);
  if (response.status === 204) {
    return undefined as Answer;
  }
  return (await guarded(() => response.json())) as Answer;
}

export async function requestBytes(path: string, options: RequestOptions = {}): Promise<ArrayBuffer> {
  const response = await request(path, options);
  return guarded(() => response.arrayBuffer());
}

/** Answers outside 2xx (and 304) throw `ApiError`; no answer at all throws `NetworkError`. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const method = options.method ?? 'GET';
  if (method !== 'GET' && csrfToken() === '') {
    await send('/api/csrf/', { method: 'GET' });
  }
  const response = await send(path, { ...options, method });
  if (!response.ok && response.status !== 304) {
    throw await errorOf(response);
  }
  return response;
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    ...activityHeaders(),
    ...options.headers,
  };
  const init: RequestInit = { method: options.method ?? 'GET', headers, credentials: 'same-origin' };
  if (init.method !== 'GET') {
    Object.assign(headers, tokenHeaders());
  }
  if (options.json !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.json);
  } else if (options.form !== undefined) {
    init.body = options.form;
  }
  if (options.signal !== undefined) {
    init.signal = options.signal;
  }
  if (options.priority !== undefined) {
    init.priority = options.priority;
  }
  return guarded(() => fetch(path, init));
}

/** A body cut off on the way counts as no answer. */
async function guarded<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') {
      throw error;
    }
    throw new NetworkError(error);
  }
}

/** What shows that a request comes from our own page. */
export function tokenHeaders(): Readonly<Record<string, string>> {
  return { 'X-CSRFToken': csrfToken() };
}

function csrfToken(): string {
  const cookies = globalThis.document?.cookie ?? '';
  const found = /(?:^|;\s*)(?:__Host-)?csrftoken=([^;]*)/.exec(cookies);
  return decodeURIComponent(found?.[1] ?? '');
}

async function errorOf(response: Response): Promise<ApiError> {
  const body = await readErrorBody(response);
  const { detail, ...extra } = body;
  // What the server says to strangers is about its own mechanics; to everybody else it speaks in sentences.
  const isSentence = typeof detail === 'string' && response.status !== 401;
  return new ApiError(response.status, isSentence ? detail : sentenceFor(response.status), extra);
}

async function readErrorBody(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    // A proxy in between answers with a page of its own; the status still says what happened.
    return {};
  }
}

function sentenceFor(status: number): string {
  if (status === 401) {
    return 'You are not signed in any more.';
  }
  if (status === 403) {
    return 'You may not do this.';
  }
  if (status === 404) {
    return 'There is nothing here, or it is not yours to see.';
  }
  if (status >= 500) {
    return 'The server has a problem. Try again in a moment.';
  }
  return `The server refused this (${status}).`;
}
