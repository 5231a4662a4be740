/** Delineations that leave: asked for, followed, fetched. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { request, requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Export = Schemas['ExportOut'];
export type ExportFormat = Schemas['ExportFormat'];
export type ExportWhat = Schemas['ExportWhat'];

export interface ExportOrder {
  readonly form: ExportFormat;
  readonly what: ExportWhat;
  readonly splits: readonly string[];
  readonly readers: readonly string[];
  readonly structures: readonly string[];
  readonly model: number | null;
  /** DICOM names the series that the scans came from. */
  readonly original_uids: boolean;
  /** Version of the model whose prediction reads began from; 0: of none, null: all. */
  readonly round: number | null;
}

const POLL_MS = 2_000;
const root = (project: number): string => `/api/projects/${project}/exports/`;
const key = (project: number) => ['project', project, 'exports'] as const;

export function isBeingMade({ job }: Export): boolean {
  return job.state === 'queued' || job.state === 'running';
}

/** Where the browser fetches the file of a finished export. */
export function exportFile(project: number, id: number): string {
  return `${root(project)}${id}/file/`;
}

/** While one is being made the list is asked for again and again. */
export function useExports(project: number) {
  return useQuery({
    queryKey: key(project),
    queryFn: ({ signal }) => requestJson<readonly Export[]>(root(project), { signal }),
    refetchInterval: ({ state }) => (state.data?.some(isBeingMade) === true ? POLL_MS : false),
  });
}

export function useAskExport(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: ExportOrder) => requestJson<Export>(root(project), { method: 'POST', json }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useRemoveExport(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => request(`${root(project)}${id}/`, { method: 'DELETE' }),
    onSettled: () => refreshProject(client, project),
  });
}
