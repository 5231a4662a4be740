/** What a lead decides about scans that could not be taken as they came. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { request, requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

/** Millimetres between voxels along i, j, k. */
export type Spacing = readonly [number, number, number];

/** Lets a held case go to its readers. */
export function useReleaseCase(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) =>
      requestJson<Schemas['CaseReleaseOutput']>(`/api/cases/${id}/release/`, { method: 'POST' }),
    onSuccess: () => refreshProject(client, project),
  });
}

/** Removes a held case for good. */
export function useRemoveCase(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => request(`/api/cases/${id}/remove/`, { method: 'POST' }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useGiveSpacing(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, spacing }: { readonly id: number; readonly spacing: Spacing }) =>
      requestJson<Schemas['CaseSpacingOutput']>(`/api/cases/${id}/spacing/`, {
        method: 'POST',
        json: { spacing_mm: spacing },
      }),
    onSuccess: () => refreshProject(client, project),
  });
}

/** The address of a picture of one slice, from 0, for a lead who looks for text in it. */
export const sliceUrl = (id: number, k: number): string => `/api/cases/${id}/slices/${k}/`;
