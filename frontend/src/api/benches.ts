/** Networks side by side: trained on one frozen set, one after the other, and compared on its test cases. */

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Bench = Schemas['BenchOut'];
export type BenchEntry = Schemas['BenchEntryOut'];
export type BenchTable = Schemas['BenchTableOut'];
export type BenchMeasure = Schemas['BenchMeasureOut'];
export type BenchRow = Schemas['BenchRowOut'];
export type BenchCell = Schemas['BenchCellOut'];
export type BenchPair = Schemas['BenchPairOut'];

export interface BenchOrder {
  readonly networks: readonly string[];
  readonly budget_s: number;
  readonly seed: number;
}

const POLL_MS = 3_000;
const root = (project: number): string => `/api/projects/${project}/benches/`;
const key = (project: number) => ['project', project, 'benches'] as const;

/** While one goes on the list is asked for again now and then. */
export function useBenches(project: number) {
  return useQuery({
    queryKey: key(project),
    queryFn: ({ signal }) => requestJson<readonly Bench[]>(root(project), { signal }),
    refetchInterval: ({ state }) =>
      state.data?.some((bench) => bench.state === 'going_on') === true ? POLL_MS : false,
  });
}

/** The figures change when a network gets its model, not while it trains. */
export function useBenchTable(project: number, { id, done }: Bench) {
  return useQuery({
    queryKey: [...key(project), id, done],
    queryFn: ({ signal }) => requestJson<BenchTable>(`${root(project)}${id}/`, { signal }),
    placeholderData: keepPreviousData,
  });
}

export function useAskBench(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: BenchOrder) => requestJson<Bench>(root(project), { method: 'POST', json }),
    onSuccess: () => refreshProject(client, project),
  });
}

/** `stop` cancels the training at hand; `resume` trains what has no model yet. */
export function useActOnBench(project: number, act: 'stop' | 'resume') {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => requestJson<Bench>(`${root(project)}${id}/${act}/`, { method: 'POST' }),
    onSettled: () => refreshProject(client, project),
  });
}
