import { ApiError, requestJson, tokenHeaders } from './client';
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

/** What else somebody has to show after the password. */
export type SecondFactor = 'totp' | 'recovery_codes' | 'webauthn';

/**
 * Empty: signed in. Otherwise the ways to go on, one of which is to be taken with `sendCode` or `sendKey`.
 * Throws `ApiError` with one sentence when the name or the password is wrong.
 */
export async function signIn(username: string, password: string): Promise<readonly SecondFactor[]> {
  try {
    await requestJson(LOGIN, { method: 'POST', json: { username, password } });
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    const ways = secondFactorsOf(error);
    if (ways.length > 0) {
      return ways;
    }
    throw signInError(error);
  }
}

/** What allauth waits for: a 401 whose flow is pending. */
export function secondFactorsOf({ status, extra }: ApiError): readonly SecondFactor[] {
  const { flows } = (extra.data ?? {}) as { flows?: unknown };
  if (status !== 401 || !Array.isArray(flows)) {
    return [];
  }
  const pending = (flows as { id?: string; is_pending?: boolean; types?: SecondFactor[] }[]).find(
    (flow) => flow.id === 'mfa_authenticate' && flow.is_pending === true,
  );
  return pending?.types ?? [];
}

/** A code of the authenticator app, or one of the recovery codes. */
export async function sendCode(code: string): Promise<void> {
  try {
    await requestJson('/_allauth/browser/v1/auth/2fa/authenticate', { method: 'POST', json: { code } });
  } catch (error) {
    throw error instanceof ApiError ? signInError(error) : error;
  }
}

/** The security key that was registered. */
export async function sendKey(): Promise<void> {
  const path = '/_allauth/browser/v1/auth/webauthn/authenticate';
  const { data } = await requestJson<{
    data: { request_options: { publicKey: PublicKeyCredentialRequestOptionsJSON } };
  }>(path);
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(data.request_options.publicKey);
  const credential = (await navigator.credentials.get({ publicKey: options })) as PublicKeyCredential | null;
  try {
    await requestJson(path, { method: 'POST', json: { credential: credential?.toJSON() } });
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

/** Leaves the page for the provider; it comes back to `path`, which is one of ours. */
export async function goToProvider(
  provider: string,
  process: 'login' | 'connect',
  path: string,
): Promise<void> {
  await requestJson('/api/csrf/');
  const form = document.createElement('form');
  form.method = 'post';
  form.action = '/_allauth/browser/v1/auth/provider/redirect';
  const fields = {
    provider,
    process,
    callback_url: new URL(path, window.location.origin).href,
    csrfmiddlewaretoken: tokenHeaders()['X-CSRFToken'] ?? '',
  };
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
