/** Imports: asked for, followed, reported series by series; looked at first where somebody wants that. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';
import type { Job } from './types';

type Schemas = components['schemas'];

/** An import as a list shows it. */
export type ImportRow = Schemas['ImportRowOut'];
export type ImportReport = Schemas['ImportOut'];
export type ImportCounts = Schemas['CountsOut'];
export type ImportKind = keyof ImportCounts;
export type Finding = Schemas['FindingOut'];
export type DataSet = Schemas['DataSetOut'];
/** What an import would bring; `looked` is null until the job has ended. */
export type Look = Schemas['LookOut'];
export type Seen = NonNullable<Look['looked']>;
export type LabelSeen = Seen['names'][number];
export type KnownDataSet = Seen['alike'][number];

/** A folder on the server, or an upload. */
export interface Origin {
  readonly folder: string | null;
  readonly upload: string | null;
}

export interface ImportOrder extends Origin {
  /** '' = recognised by itself. */
  readonly recipe: string;
  /** Null = as the project says. */
  readonly resample: boolean | null;
  /** Where all of it was scanned; '' = not said. */
  readonly site: string;
  /** Names of files are not kept. */
  readonly byNumber: boolean;
}

/** What imports let in, and what they keep. */
export type ImportSettings = Schemas['ImportSettingsOutput'];
export type ImportSettingsChange = Partial<Pick<ImportSettings, 'keeps_uids' | 'resamples_gaps'>>;

const POLL_MS = 2_000;
const root = (project: number): string => `/api/projects/${project}/imports/`;
const importsKey = (project: number) => ['project', project, 'imports'] as const;

export function goesOn({ state }: { readonly state: Schemas['JobState'] }): boolean {
  return state === 'queued' || state === 'running';
}

/** Only what is given: a folder or an upload. */
function placeOf({ folder, upload }: Origin): Readonly<Record<string, string>> {
  return upload === null ? { folder: folder ?? '' } : { upload };
}

export function askImport(project: number, order: ImportOrder): Promise<Job> {
  const { recipe, resample, site, byNumber, ...place } = order;
  return requestJson(root(project), {
    method: 'POST',
    json: { ...placeOf(place), recipe, resample, site, by_number: byNumber },
  });
}

const settingsUrl = (project: number): string => `/api/projects/${project}/import-settings/`;
const settingsKey = (project: number) => ['project', project, 'import-settings'] as const;

export function useImportSettings(project: number) {
  return useQuery({
    queryKey: settingsKey(project),
    queryFn: ({ signal }) => requestJson<ImportSettings>(settingsUrl(project), { signal }),
  });
}

export function useChangeImportSettings(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: ImportSettingsChange) =>
      requestJson<ImportSettings>(settingsUrl(project), { method: 'PATCH', json }),
    onSuccess: (settings) => client.setQueryData(settingsKey(project), settings),
  });
}

export function askLook(project: number, place: Origin, byNames = false): Promise<Look> {
  return requestJson(`${root(project)}look/`, {
    method: 'POST',
    json: { ...placeOf(place), by_names: byNames },
  });
}

/** Where the browser fetches what became of every series. */
export function importFile(project: number, id: number, form: 'jsonl' | 'csv'): string {
  return `${root(project)}${id}/file/?form=${form}`;
}

/** While one goes on the list is asked for again and again. */
export function useImports(project: number) {
  return useQuery({
    queryKey: importsKey(project),
    queryFn: ({ signal }) => requestJson<readonly ImportRow[]>(root(project), { signal }),
    refetchInterval: ({ state }) => (state.data?.some(goesOn) === true ? POLL_MS : false),
  });
}

export function useImport(project: number, id: number) {
  return useQuery({
    queryKey: [...importsKey(project), id],
    queryFn: ({ signal }) => requestJson<ImportReport>(`${root(project)}${id}/`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && goesOn(state.data) ? POLL_MS : false),
  });
}

export function useLook(project: number, id: number) {
  return useQuery({
    queryKey: ['project', project, 'look', id],
    queryFn: ({ signal }) => requestJson<Look>(`${root(project)}look/${id}/`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && goesOn(state.data) ? POLL_MS : false),
  });
}

export function useAskImport(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (order: ImportOrder) => askImport(project, order),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useAskLook(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ byNames = false, ...place }: Origin & { readonly byNames?: boolean }) =>
      askLook(project, place, byNames),
    onSuccess: () => refreshProject(client, project),
  });
}
