/** People and projects: making a project, its team, links into it, one's own account and tokens. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { messagesOf } from './account';
import { ApiError, requestJson } from './client';
import { meQuery, refreshProject } from './queries';
import type { components } from './schema';
import type { Hanging, Me, Project, Structure } from './types';

type Schemas = components['schemas'];

export type Level = Schemas['Level'];
export type Member = Schemas['MemberOut'];
export type MemberChange = Schemas['PatchedMemberInputRequest'];
export type Invitation = Schemas['InvitationOut'];
export type NewInvitation = Schemas['InvitationsInputRequest'];
/** With its secret, which is shown once. */
export type MadeInvitation = Schemas['InvitationsMade'];
export type OfferedInvitation = Schemas['OpenInvitationOutput'];
export type Joined = Schemas['JoinedOut'];
export type ApiToken = Schemas['TokenOut'];
export type MadeToken = Schemas['TokensMade'];
export type Catalogue = Schemas['StructuresOutput'];
export type CatalogueRow = Schemas['StructuresOutputRow'];
export type Preset = Omit<Schemas['PresetsOutput'], 'structures'> & { readonly structures: readonly Place[] };
/** Where a structure stands in the masks; `because` says why not on the first layer. */
export type Place = Schemas['PlaceOut'];

export interface NewProject {
  readonly name: string;
  readonly structures: readonly string[];
  readonly preset: string;
}

export interface ProjectChange {
  readonly name?: string;
  readonly retrain_after?: number;
  readonly training_budget_s?: number;
  readonly hanging?: Hanging;
}

/** What the server finds by words, region and side. */
export function useFound(search: string, region: string, side: string) {
  const query = new URLSearchParams({ search, region });
  if (side !== '') {
    query.set('side', side);
  }
  return useQuery({
    queryKey: ['catalogue', search, region, side],
    queryFn: () => requestJson<Catalogue>(`/api/structures/?${query}`),
    placeholderData: (before) => before,
    staleTime: 60_000,
  });
}

export function usePresets() {
  return useQuery({
    queryKey: ['presets'],
    queryFn: () => requestJson<Preset[]>('/api/presets/'),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Layers and values of a choice. */
export function useLayout(structures: readonly string[], preset: string) {
  return useQuery({
    queryKey: ['layout', preset, structures],
    queryFn: () =>
      requestJson<Place[]>('/api/structures/layout/', { method: 'POST', json: { structures, preset } }),
    placeholderData: (before) => before,
    enabled: structures.length > 0,
  });
}

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: NewProject) =>
      requestJson<{ id: number; name: string }>('/api/projects/', { method: 'POST', json }),
    onSuccess: () => client.fetchQuery({ ...meQuery, staleTime: 0 }),
  });
}

export function useChangeProject(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: ProjectChange) =>
      requestJson<Project>(`/api/projects/${project}/`, { method: 'PATCH', json }),
    onSuccess: (_, json) =>
      Promise.all([
        refreshProject(client, project),
        json.name === undefined ? null : client.fetchQuery({ ...meQuery, staleTime: 0 }),
      ]),
  });
}

export function useAddStructures(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (structures: readonly string[]) =>
      requestJson<Structure[]>(`/api/projects/${project}/structures/`, {
        method: 'POST',
        json: { structures },
      }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useRemoveStructure(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      requestJson<void>(`/api/projects/${project}/structures/${key}/`, { method: 'DELETE' }),
    onSuccess: () => refreshProject(client, project),
  });
}

const membersKey = (project: number) => ['project', project, 'members'] as const;
const invitationsKey = (project: number) => ['project', project, 'invitations'] as const;

export function useMembers(project: number) {
  return useQuery({
    queryKey: membersKey(project),
    queryFn: () => requestJson<Member[]>(`/api/projects/${project}/members/`),
    refetchInterval: 30_000,
  });
}

export function useChangeMember(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...json }: MemberChange & { readonly id: number }) =>
      requestJson<Member[]>(`/api/projects/${project}/members/${id}/`, { method: 'PATCH', json }),
    onSuccess: (members) => client.setQueryData(membersKey(project), members),
    // A lead who gave the role away is told 403: what they may see now has changed.
    onSettled: () => client.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
}

export function useInvitations(project: number) {
  return useQuery({
    queryKey: invitationsKey(project),
    queryFn: () => requestJson<Invitation[]>(`/api/projects/${project}/invitations/`),
    refetchInterval: 30_000,
  });
}

export function useInvite(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: NewInvitation) =>
      requestJson<MadeInvitation>(`/api/projects/${project}/invitations/`, { method: 'POST', json }),
    onSuccess: () => client.invalidateQueries({ queryKey: invitationsKey(project) }),
  });
}

export function useWithdraw(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) =>
      requestJson<void>(`/api/projects/${project}/invitations/${id}/`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: invitationsKey(project) }),
  });
}

/** The secret goes in the body: addresses are written into logs. */
export function useOfferedInvitation(token: string) {
  return useQuery({
    queryKey: ['invitation', token],
    queryFn: () =>
      requestJson<OfferedInvitation>('/api/invitations/open/', { method: 'POST', json: { token } }),
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useAcceptInvitation() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: string) =>
      requestJson<Joined>('/api/invitations/accept/', { method: 'POST', json: { token } }),
    onSuccess: () => client.fetchQuery({ ...meQuery, staleTime: 0 }),
  });
}

export interface NewAccount {
  readonly token: string;
  readonly username: string;
  readonly password: string;
  readonly name: string;
}

/** Makes the account, joins the project and signs in. */
export function useSignUp() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: NewAccount) =>
      requestJson<Joined>('/api/invitations/sign-up/', { method: 'POST', json }),
    onSuccess: () => client.fetchQuery({ ...meQuery, staleTime: 0 }),
  });
}

/** What is read for reliability; shares are of a reader's reads, 0 to 1. */
export type PlanFigures = Schemas['PlanShape'];

/** The plan of a project, or null, and what a plan usually says. */
export function usePlan(project: number) {
  return useQuery({
    queryKey: ['project', project, 'plan'],
    queryFn: () => requestJson<Schemas['PlanOutput']>(`/api/projects/${project}/reliability/`),
  });
}

export function useKeepPlan(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: PlanFigures) =>
      requestJson<PlanFigures>(`/api/projects/${project}/reliability/`, { method: 'PUT', json }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['project', project, 'plan'] }),
  });
}

const TOKENS = ['tokens'] as const;

export function useTokens() {
  return useQuery({ queryKey: TOKENS, queryFn: () => requestJson<ApiToken[]>('/api/me/tokens/') });
}

export function useMakeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: { name: string; days: number }) =>
      requestJson<MadeToken>('/api/me/tokens/', { method: 'POST', json }),
    onSuccess: () => client.invalidateQueries({ queryKey: TOKENS }),
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => requestJson<void>(`/api/me/tokens/${id}/`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: TOKENS }),
  });
}

export function useRename() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => requestJson<Me>('/api/me/', { method: 'PATCH', json: { name } }),
    onSuccess: (me) => client.setQueryData(meQuery.queryKey, me),
  });
}

export interface PasswordChange {
  readonly current_password: string;
  readonly new_password: string;
}

/** Signs out every other browser; this one stays. */
export function useChangePassword() {
  return useMutation({
    mutationFn: async (json: PasswordChange) => {
      try {
        await requestJson('/_allauth/browser/v1/account/password/change', { method: 'POST', json });
      } catch (error) {
        throw error instanceof ApiError ? passwordError(error) : error;
      }
    },
  });
}

function passwordError(error: ApiError): ApiError {
  const sentence = error.status === 429 ? 'Too many attempts. Wait a minute and try again.' : null;
  return new ApiError(error.status, sentence ?? messagesOf(error) ?? error.detail, error.extra);
}
