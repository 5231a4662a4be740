/** How much room a project has and takes, and patients' deletion. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Storage = Schemas['StorageOut'];
export type FoundPatient = Schemas['FoundOut'];
export type Deletion = Schemas['DeletionOut'];
export type DeletionReason = Schemas['DeletionReason'];

const root = (project: number): string => `/api/projects/${project}/`;
const storageKey = (project: number) => ['project', project, 'storage'] as const;
const deletionsKey = (project: number) => ['project', project, 'deletions'] as const;

export function useStorage(project: number) {
  return useQuery({
    queryKey: storageKey(project),
    queryFn: ({ signal }) => requestJson<Storage>(`${root(project)}storage/`, { signal }),
  });
}

/** Bytes; null = no limit. */
export function useSetLimit(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (limit: number | null) =>
      requestJson<Storage>(`${root(project)}storage/`, { method: 'PUT', json: { limit } }),
    onSuccess: (storage) => client.setQueryData(storageKey(project), storage),
  });
}

export function useDeletions(project: number) {
  return useQuery({
    queryKey: deletionsKey(project),
    queryFn: ({ signal }) => requestJson<readonly Deletion[]>(`${root(project)}deletions/`, { signal }),
  });
}

/** What the deletion of a case's patient would take; `number` null = not asked yet. Never from memory. */
export function useFoundPatient(project: number, number: number | null) {
  return useQuery({
    // Not below the project's key: what was deleted must not be asked for again while its dialog closes.
    queryKey: ['deletion-preview', project, number],
    queryFn: ({ signal }) =>
      requestJson<FoundPatient>(`${root(project)}deletions/preview/${number}/`, { signal }),
    enabled: number !== null,
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
}

export function useDeletePatient(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: { readonly case: number; readonly reason: DeletionReason }) =>
      requestJson<Deletion>(`${root(project)}deletions/`, { method: 'POST', json }),
    onSuccess: () => refreshProject(client, project),
  });
}
