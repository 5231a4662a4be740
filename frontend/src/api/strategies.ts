/** What a strategy put forward, and what others would have. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Queries = Schemas['QueriesOutput'];
export type Chosen = Schemas['ChosenOut'];
export type StrategyName = Queries['strategy'];
export type WhatIf = Schemas['WhatIfsOutput'];
export type WhatIfFigures = Schemas['FiguresOut'];
export type WhatIfOrder = Schemas['WhatIfsInputRequest'];

const POLL_MS = 2_000;

export function useQueries(project: number) {
  return useQuery({
    queryKey: ['project', project, 'queries'],
    queryFn: ({ signal }) => requestJson<Queries>(`/api/projects/${project}/queries/`, { signal }),
  });
}

const whatIfKey = (project: number) => ['project', project, 'what-if'] as const;

/** While a replay goes on it is asked for again now and then. */
export function useWhatIf(project: number) {
  return useQuery({
    queryKey: whatIfKey(project),
    queryFn: ({ signal }) => requestJson<WhatIf>(`/api/projects/${project}/what-if/`, { signal }),
    refetchInterval: ({ state }) => (isReplaying(state.data) ? POLL_MS : false),
  });
}

export function isReplaying(found: WhatIf | undefined): boolean {
  return found?.job?.state === 'queued' || found?.job?.state === 'running';
}

export function useAskWhatIf(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (order: WhatIfOrder) =>
      requestJson(`/api/projects/${project}/what-if/`, { method: 'POST', json: order }),
    onSettled: () => client.invalidateQueries({ queryKey: whatIfKey(project) }),
  });
}
