import { ApiError, requestJson } from './client';
import type { Me } from './types';

const SESSION = '/_allauth/browser/v1/auth/session';
const LOGIN = '/_allauth/browser/v1/auth/login';

/** Who is signed in, or null. */
export async function fetchMe(): Promise<Me | null> {
  try {
    return await requestJson<Me>('/api/me/');
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      return null;
    }
    throw error;
  }
}

/** Throws `ApiError` with one sentence when the name or the password is wrong. */
export async function signIn(username: string, password: string): Promise<void> {
  try {
    await requestJson(LOGIN, { method: 'POST', json: { username, password } });
  } catch (error) {
    throw error instanceof ApiError ? signInError(error) : error;
  }
}

export async function signOut(): Promise<void> {
  try {
    await requestJson(SESSION, { method: 'DELETE' });
  } catch (error) {
    // allauth answers the end of a session with 401: there is nobody signed in any more.
    if (!(error instanceof ApiError && error.status === 401)) {
      throw error;
    }
  }
}

function signInError(error: ApiError): ApiError {
  if (error.status === 409) {
    return new ApiError(409, 'Somebody is signed in already in this browser. Reload the page.');
  }
  if (error.status === 429) {
    return new ApiError(429, 'Too many attempts. Wait a few minutes and try again.');
  }
  return new ApiError(error.status, messagesOf(error) ?? error.detail, error.extra);
}

/** allauth answers `{errors: [{message, code, param}]}`. */
export function messagesOf({ extra: { errors } }: ApiError): string | null {
  if (!Array.isArray(errors)) {
    return null;
  }
  const said = (errors as { message?: unknown }[]).flatMap(({ message }) =>
    typeof message === 'string' ? [message] : [],
  );
  return said.length === 0 ? null : said.join(' ');
}
