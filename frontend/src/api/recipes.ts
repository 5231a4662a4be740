/** How labels that come in are read: recipes of public data sets, and those that leads saved. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

export type ShippedRecipe = Schemas['ShippedOut'];
export type SavedRecipe = Schemas['SavedRecipeOut'];

export interface NewRecipe {
  readonly name: string;
  readonly content: unknown;
  readonly shared: boolean;
}

const savedKey = (project: number) => ['project', project, 'recipes'] as const;

export function useShippedRecipes() {
  return useQuery({
    queryKey: ['recipes'],
    queryFn: () => requestJson<readonly ShippedRecipe[]>('/api/recipes/'),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The project's own, and those that other projects share. */
export function useSavedRecipes(project: number) {
  return useQuery({
    queryKey: savedKey(project),
    queryFn: () => requestJson<readonly SavedRecipe[]>(`/api/projects/${project}/recipes/`),
  });
}

/** A new one, or with `id` the same one again. */
export function useSaveRecipe(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...json }: NewRecipe & { readonly id: number | null }) =>
      requestJson<SavedRecipe>(`/api/projects/${project}/recipes/${id === null ? '' : `${id}/`}`, {
        method: id === null ? 'POST' : 'PUT',
        json,
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: savedKey(project) }),
  });
}

export function useDeleteRecipe(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) =>
      requestJson<void>(`/api/projects/${project}/recipes/${id}/`, { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: savedKey(project) }),
  });
}

/** What the server calls a structure of this name; nothing is stored. */
export async function structurePlace(name: string): Promise<{ readonly key: string; readonly name: string }> {
  const places = await requestJson<readonly Schemas['PlaceOut'][]>('/api/structures/layout/', {
    method: 'POST',
    json: { structures: [name] },
  });
  const [place] = places;
  if (place === undefined) {
    throw new Error('The server knows no structure of this name.');
  }
  return place;
}
