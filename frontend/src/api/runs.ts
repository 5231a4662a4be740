/** Trainings: all of a project, and one while it goes on. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { request, requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

/** A training as a list shows it. */
export type RunRow = Schemas['RunRowOut'];
export type Run = Schemas['RunOut'];
export type RunEpoch = Schemas['RunEpochOut'];

const POLL_MS = 2_000;
const seen = new Map<number, { readonly etag: string; readonly run: Run }>();

export const isGoingOn = ({ state }: RunRow): boolean => state === 'queued' || state === 'running';

/** While one goes on the list is asked for again now and then. */
export function useRuns(project: number) {
  return useQuery({
    queryKey: ['project', project, 'runs'],
    queryFn: ({ signal }) => requestJson<RunRow[]>(`/api/projects/${project}/runs/`, { signal }),
    refetchInterval: ({ state }) => (state.data?.some(isGoingOn) === true ? 2 * POLL_MS : false),
  });
}

/** A training that goes on is asked for until it ends; then its project shows what came of it. */
export function useRun(project: number, id: number) {
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ['run', id],
    queryFn: () => fetchRun(id),
    refetchInterval: ({ state }) => (state.data !== undefined && !isGoingOn(state.data) ? false : POLL_MS),
  });
  const hasEnded = found.data !== undefined && !isGoingOn(found.data);
  useEffect(() => {
    if (hasEnded) {
      void refreshProject(client, project);
    }
  }, [client, hasEnded, project]);
  return found;
}

async function fetchRun(id: number): Promise<Run> {
  const known = seen.get(id);
  const headers: Record<string, string> = known === undefined ? {} : { 'If-None-Match': known.etag };
  const response = await request(`/api/runs/${id}/`, { headers });
  if (response.status === 304 && known !== undefined) {
    return known.run;
  }
  const run = (await response.json()) as Run;
  const etag = response.headers.get('ETag');
  if (etag !== null) {
    seen.set(id, { etag, run });
  }
  return run;
}
