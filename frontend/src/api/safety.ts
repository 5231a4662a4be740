/** What keeps an account its owner's: second factors, sessions elsewhere, and the hospital's own sign-in. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { messagesOf } from './account';
import { ApiError, type RequestOptions, requestJson } from './client';
import { meQuery } from './queries';

const ROOT = '/_allauth/browser/v1';
const APP = `${ROOT}/account/authenticators/totp`;
const KEYS = `${ROOT}/account/authenticators/webauthn`;
const CODES = `${ROOT}/account/authenticators/recovery-codes`;
const SESSIONS = `${ROOT}/auth/sessions`;
const PROVIDERS = `${ROOT}/account/providers`;

export interface Authenticator {
  readonly type: 'totp' | 'webauthn' | 'recovery_codes';
  readonly id?: number;
  readonly name?: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly unused_code_count?: number;
}

export interface BrowserSession {
  readonly id: number;
  readonly user_agent: string;
  readonly ip: string;
  readonly created_at: number;
  readonly last_seen_at?: number;
  readonly is_current: boolean;
}

export interface Provider {
  readonly id: string;
  readonly name: string;
}

export interface Connection {
  readonly uid: string;
  readonly display: string;
  readonly provider: Provider;
}

/** The password was given too long ago for what was asked; after it, the same may be asked again. */
export class PasswordWanted extends Error {
  constructor() {
    super('Type your password once more: this changes how you sign in.');
    this.name = 'PasswordWanted';
  }
}

async function ask<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  try {
    return (await requestJson<{ data: Answer }>(path, options))?.data;
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    const { is_authenticated: isThere } = (error.extra.meta ?? {}) as { is_authenticated?: boolean };
    if (error.status === 401 && isThere === true) {
      throw new PasswordWanted();
    }
    throw new ApiError(error.status, messagesOf(error) ?? error.detail, error.extra);
  }
}

const authenticators = ['account', 'authenticators'] as const;
const sessions = ['account', 'sessions'] as const;
const connections = ['account', 'connections'] as const;

export function useAuthenticators() {
  return useQuery({
    queryKey: authenticators,
    queryFn: () => ask<readonly Authenticator[]>(`${ROOT}/account/authenticators`),
  });
}

/** Begins anew each time: a secret that was shown and not confirmed is worth nothing. */
export function useNewApp() {
  return useMutation({
    mutationFn: async (): Promise<{ secret: string; totp_url: string }> => {
      try {
        await ask(APP);
      } catch (error) {
        // allauth answers 404 where there is none yet, with what is needed to make one.
        if (error instanceof ApiError && error.status === 404) {
          return error.extra.meta as { secret: string; totp_url: string };
        }
        throw error;
      }
      throw new Error('There is an authenticator app already. Remove it first.');
    },
  });
}

/** What changes the second factors, and then what is known of them. */
function useChange<Given, Answer>(mutationFn: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['account'] });
      await client.fetchQuery({ ...meQuery, staleTime: 0 });
    },
  });
}

export const useConfirmApp = () => useChange((code: string) => ask(APP, { method: 'POST', json: { code } }));
export const useRemoveApp = () => useChange((_: undefined) => ask(APP, { method: 'DELETE' }));
export const useRemoveKey = () =>
  useChange((id: number) => ask(KEYS, { method: 'DELETE', json: { authenticators: [id] } }));

export const useAddKey = () =>
  useChange(async (name: string) => {
    const { creation_options: made } = await ask<{
      creation_options: { publicKey: PublicKeyCredentialCreationOptionsJSON };
    }>(KEYS);
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(made.publicKey);
    const credential = (await navigator.credentials.create({
      publicKey: options,
    })) as PublicKeyCredential | null;
    return ask(KEYS, { method: 'POST', json: { name, credential: credential?.toJSON() } });
  });

export const useRecoveryCodes = () =>
  useMutation({
    mutationFn: async () => (await ask<{ unused_codes: readonly string[] }>(CODES)).unused_codes,
  });
export const useNewRecoveryCodes = () =>
  useChange(
    async (_: undefined) =>
      (await ask<{ unused_codes: readonly string[] }>(CODES, { method: 'POST' })).unused_codes,
  );

/** Shows again who sits here, for what asked for it. */
export const useConfirmPassword = () =>
  useMutation({
    mutationFn: (password: string) =>
      ask(`${ROOT}/auth/reauthenticate`, { method: 'POST', json: { password } }),
  });

export function useSessions() {
  return useQuery({ queryKey: sessions, queryFn: () => ask<readonly BrowserSession[]>(SESSIONS) });
}

/** Ends sessions by their ids; one's own among them signs out here as well. */
export function useEndSessions() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (ids: readonly number[]) => {
      try {
        await requestJson(SESSIONS, { method: 'DELETE', json: { sessions: ids } });
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 401)) {
          throw error;
        }
        client.clear();
        client.setQueryData(meQuery.queryKey, null);
      }
    },
    onSuccess: () => client.invalidateQueries({ queryKey: sessions }),
  });
}

/** The hospital's sign-in, where the installation has one. */
export function useProvider() {
  return useQuery({
    queryKey: ['provider'],
    queryFn: async () => {
      const { socialaccount } = await ask<{ socialaccount?: { providers: readonly Provider[] } }>(
        `${ROOT}/config`,
      );
      return socialaccount?.providers[0] ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useConnections() {
  return useQuery({ queryKey: connections, queryFn: () => ask<readonly Connection[]>(PROVIDERS) });
}

export function useDisconnect() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ provider, uid }: Connection) =>
      ask(PROVIDERS, { method: 'DELETE', json: { provider: provider.id, account: uid } }),
    onSuccess: () => client.invalidateQueries({ queryKey: connections }),
  });
}
