/** What readers do with a read besides drawing, and leads with the reads of others. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';
import type { AssignmentEnd, Worklist } from './types';

type Schemas = components['schemas'];

/** A read that is planned, open or returned, or that was skipped; for leads. */
export type HeldRead = Schemas['AssignmentsRow'];
export type CasePart = Schemas['PartOut'];

export interface Skipped {
  readonly reason: string;
  /** From now on only experts get the case. */
  readonly needsExpert: boolean;
}

const HELD_POLL_MS = 15_000;

export function useSkip(assignment: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ reason, needsExpert }: Skipped) =>
      requestJson<AssignmentEnd>(`/api/assignments/${assignment}/skip/`, {
        method: 'POST',
        json: { reason, needs_expert: needsExpert },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist'] }),
  });
}

/** Takes a submit back. Done or refused, it is not offered again, also where the list is not asked for anew. */
export function useUnsubmit() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (assignment: number) =>
      requestJson<AssignmentEnd>(`/api/assignments/${assignment}/unsubmit/`, { method: 'POST' }),
    onSettled: (_answer, _error, assignment) => {
      client.setQueriesData<Worklist>(
        { queryKey: ['worklist'], predicate: isWorklist },
        (known) => known && without(known, assignment),
      );
      return client.invalidateQueries({ queryKey: ['worklist'] });
    },
  });
}

/** The list itself, not what else is asked about it. */
function isWorklist({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean {
  return queryKey.length === 2;
}

function without(known: Worklist, assignment: number): Worklist {
  const recent = known.recent.map((read) => (read.id === assignment ? { ...read, undo_seconds: 0 } : read));
  return { ...known, recent };
}

/** The newest first. */
export function useHeld(project: number, enabled: boolean) {
  return useQuery({
    queryKey: ['project', project, 'held'],
    queryFn: () => requestJson<HeldRead[]>(`/api/projects/${project}/assignments/`),
    refetchInterval: HELD_POLL_MS,
    enabled,
  });
}

/** An ISO time, or null for none. */
export type Due = string | null;

export interface CaseAction {
  /** Numbers. */
  readonly cases: readonly number[];
  readonly dueAt: Due;
}

/** All of the cases or none. */
export function useAssign(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ cases, reader, dueAt }: CaseAction & { readonly reader: string }) =>
      requestJson<HeldRead[]>(`/api/projects/${project}/assignments/`, {
        method: 'POST',
        json: { cases, reader, due_at: dueAt },
      }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useSetDue(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ cases, dueAt }: CaseAction) =>
      requestJson<Schemas['CasesChanged']>(`/api/projects/${project}/due/`, {
        method: 'PUT',
        json: { cases, due_at: dueAt },
      }),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useSetPriority(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: { readonly cases: readonly number[]; readonly priority: number }) =>
      requestJson<Schemas['CasesChanged']>(`/api/projects/${project}/priority/`, {
        method: 'PUT',
        json: given,
      }),
    onSuccess: () => refreshProject(client, project),
  });
}

/** Reads, one by one: what was taken before one is refused stays taken, and the list says so. */
export function useTakeOver(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (assignments: readonly number[]) => {
      for (const id of assignments) {
        await requestJson<AssignmentEnd>(`/api/assignments/${id}/take-over/`, { method: 'POST' });
      }
    },
    onSettled: () => refreshProject(client, project),
  });
}
