/** What a data set consists of, where its scans come from, how it is divided; and what is kept of one scan. */

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { StructureGoal } from './rounds';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Dataset = Schemas['DatasetOutput'];
export type DatasetGroup = Schemas['GroupRow'];
export type DatasetBar = Schemas['BarRow'];
export type DatasetMeasure = Schemas['MeasureRow'];
export type DatasetStructure = Schemas['StructureCounts'];
export type DatasetSource = Schemas['SourceRow'];
export type DatasetCases = Schemas['DatasetCasesOutput'];
export type ListedCase = Schemas['ListedRow'];
export type Division = Required<Schemas['DivisionInRequest']>;
export type SplitPreview = Schemas['SplitPreviewOutput'];
export type SplitCounts = Schemas['SplitsOut'];
export type SplitChange = Schemas['SplitChangeOut'];
export type KeptScan = Schemas['CaseOutput'];

/** Of one source, site or scanner alone; "?" = not known, empty = all. */
export interface Narrowed {
  readonly source: string;
  readonly site: string;
  readonly scanner: string;
}

/** What is asked of a list of cases: words, a bar, or how a structure is in them. */
export type CasesAsked = Readonly<Record<string, string | number>>;

const root = (project: number, path: string): string => `/api/projects/${project}/${path}/`;
const FRESH_MS = 30_000;
const COUNTING_MS = 5_000;

/** The query of an address, without what is not asked for. */
export function searchOf(asked: Readonly<Record<string, string | number>>): string {
  const given = Object.entries(asked).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search === '' ? '' : `?${search}`;
}

/** As long as a worker has delineations to look at it is asked for again. */
export function useDataset(project: number, narrowed: Narrowed) {
  return useQuery({
    queryKey: ['project', project, 'dataset', narrowed],
    queryFn: ({ signal }) =>
      requestJson<Dataset>(`${root(project, 'dataset')}${searchOf({ ...narrowed })}`, { signal }),
    staleTime: FRESH_MS,
    refetchInterval: ({ state }) => ((state.data?.uncounted ?? 0) > 0 ? COUNTING_MS : false),
    placeholderData: keepPreviousData,
  });
}

export function useDatasetCases(project: number, asked: CasesAsked) {
  return useQuery({
    queryKey: ['project', project, 'dataset', 'cases', asked],
    queryFn: ({ signal }) =>
      requestJson<DatasetCases>(`${root(project, 'dataset/cases')}${searchOf(asked)}`, { signal }),
  });
}

/** Of cases by their numbers. */
export function useChangeSite(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: { readonly site: string; readonly cases: readonly number[] }) =>
      requestJson<{ cases: number }>(root(project, 'sites'), { method: 'PUT', json }),
    onSuccess: () => refreshProject(client, project),
  });
}

/** Without Dice and cases the structure has no goal any more. */
export function useChangeGoal(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: StructureGoal) =>
      requestJson<StructureGoal[]>(root(project, 'goals'), { method: 'PATCH', json }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useChangePriority(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ structure, priority }: { readonly structure: string; readonly priority: number }) =>
      requestJson(root(project, `structures/${structure}`), { method: 'PATCH', json: { priority } }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function usePreviewSplit(project: number) {
  return useMutation({
    mutationFn: (json: Division) =>
      requestJson<SplitPreview>(root(project, 'splits/preview'), { method: 'POST', json }),
  });
}

export function useApplySplit(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: Division & { readonly digest: string }) =>
      requestJson<SplitChange>(root(project, 'splits/apply'), { method: 'POST', json }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useSplitChanges(project: number) {
  return useQuery({
    queryKey: ['project', project, 'splits'],
    queryFn: ({ signal }) => requestJson<SplitChange[]>(root(project, 'splits'), { signal }),
  });
}

/** null = none is asked for. */
export function useKeptScan(project: number, id: number | null) {
  return useQuery({
    queryKey: ['project', project, 'case', id],
    queryFn: ({ signal }) => requestJson<KeptScan>(`/api/cases/${id}/`, { signal }),
    enabled: id !== null,
  });
}
