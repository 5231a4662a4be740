/** Pre-annotations beside the one that a read began from, and those that come from labelled cases. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import type { components } from './schema';
import type { Branch, Job } from './types';

type Schemas = components['schemas'];

export type Proposals = Schemas['ProposalsOutput'];
export type Proposal = Schemas['ProposalOut'];
/** Who made the pre-annotation of a case; null: nobody yet. */
export type PreAnnotation = NonNullable<Schemas['CasesOutputRow']['pre_annotation']>;
export type PredictionRow = Schemas['PredictionsOutput'];

const UNFINISHED: readonly string[] = ['queued', 'running'];

export function isPredicting(job: Proposals['job']): boolean {
  return job !== null && UNFINISHED.includes(job.state);
}

const keyOf = (assignment: number) => ['proposals', assignment] as const;
const pathOf = (assignment: number): string => `/api/assignments/${assignment}/proposals/`;

/** Asked again every second while something is predicted. */
export function useProposals(assignment: number) {
  return useQuery({
    queryKey: keyOf(assignment),
    queryFn: (): Promise<Proposals> => requestJson(pathOf(assignment)),
    refetchInterval: ({ state }) => (isPredicting(state.data?.job ?? null) ? 1_000 : false),
  });
}

/** Asks for the newest model's prediction of the case, or takes that back. */
export function useAskProposal(assignment: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (method: 'POST' | 'DELETE'): Promise<Proposals> =>
      requestJson(pathOf(assignment), { method, json: {} }),
    onSuccess: (found) => client.setQueryData(keyOf(assignment), found),
  });
}

/** `structures`: keys; none = all of the read. */
export function branchProposal(
  assignment: number,
  mask: string,
  structures: readonly string[] = [],
): Promise<Branch> {
  return requestJson(`${pathOf(assignment)}branch/`, { method: 'POST', json: { mask, structures } });
}

/** Every pre-annotation that was made of a case, the newest first. */
export function usePredictions(caseId: number, isWanted: boolean) {
  return useQuery({
    queryKey: ['predictions', caseId],
    queryFn: (): Promise<readonly PredictionRow[]> => requestJson(`/api/cases/${caseId}/predictions/`),
    enabled: isWanted,
  });
}

/** `cases`: numbers; none = all that wait for a pre-annotation. */
export function useAtlases(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (cases: readonly number[]): Promise<Job> =>
      requestJson(`/api/projects/${project}/atlases/`, { method: 'POST', json: { cases } }),
    onSettled: () => client.invalidateQueries({ queryKey: ['project', project] }),
  });
}
