/** The registry of models: cards, folders to take away, folders from elsewhere. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export type ModelCard = Schemas['CardOut'];
export type ModelFigure = Schemas['ModelFigureOut'];

const cardKey = (project: number, version: number) => ['project', project, 'card', version] as const;
const root = (project: number, version: number): string => `/api/projects/${project}/models/${version}`;

export function useModelCard(project: number, version: number) {
  return useQuery({
    queryKey: cardKey(project, version),
    queryFn: () => requestJson<ModelCard>(`${root(project, version)}/card/`),
  });
}

export function useDescribeModel(project: number, version: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: { licence: string; notes: string }) =>
      requestJson<ModelCard>(`${root(project, version)}/card/`, { method: 'PATCH', json }),
    onSuccess: (card) => client.setQueryData(cardKey(project, version), card),
  });
}

export function folderAddress(project: number, version: number): string {
  return `${root(project, version)}/folder/`;
}

/** The network alone, as one TorchScript file. */
export function networkAddress(project: number, version: number): string {
  return `${root(project, version)}/network/`;
}

export function useImportModel(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, licence }: { file: File; licence: string }) => {
      const form = new FormData();
      form.set('file', file);
      form.set('licence', licence);
      return requestJson<Schemas['JobOut']>(`/api/projects/${project}/models/imports/`, {
        method: 'POST',
        form,
      });
    },
    onSuccess: () => refreshProject(client, project),
  });
}
