/** How the installation is doing: for its staff. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import type { components } from './schema';
import type { Job } from './types';

type Schemas = components['schemas'];

/** `workers` and `backup` are null while the broker is away: it alone knows them. */
export type Operations = Schemas['OperationsOutput'];
export type OperationsQueue = Schemas['QueueOut'];
export type OperationsWorker = Schemas['WorkerOut'];
export type OperationsDisk = Schemas['DiskOut'];
export type FailedJob = Schemas['FailedOut'];

const POLL_MS = 5_000;
const KEY = ['operations'] as const;

/** Asked again and again while the page is looked at; the last answer stays when one does not come. */
export function useOperations() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => requestJson<Operations>('/api/operations/', { signal }),
    refetchInterval: POLL_MS,
  });
}

/** One that waits or runs already stays as it is. */
export function useRetryJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job: number) => requestJson<Job>(`/api/jobs/${job}/retry/`, { method: 'POST' }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
