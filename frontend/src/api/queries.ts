/** TanStack Query hooks: what is read is cached by route, what is written refreshes what it changed. */

import {
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { fetchMe, sendCode, sendKey, signIn, signOut } from './account';
import * as calls from './calls';
import type { AssignmentRole, CaseFilter, GivenVerdict, Job } from './types';

const JOB_POLL_MS = 2_000;
const PROJECT_POLL_MS = 15_000;
const WORKLIST_POLL_MS = 30_000;

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: fetchMe, staleTime: 60_000 });

export const useMe = () => useQuery(meQuery);

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: { username: string; password: string }) => signIn(given.username, given.password),
    // Nobody watches this query on the sign-in page, so that it must be asked for by name.
    onSuccess: (ways) => (ways.length === 0 ? client.fetchQuery({ ...meQuery, staleTime: 0 }) : undefined),
  });
}

/** The second step of signing in; `null` is the security key. */
export function useSecondStep() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (code: string | null) => (code === null ? sendKey() : sendCode(code)),
    onSuccess: () => client.fetchQuery({ ...meQuery, staleTime: 0 }),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      // Nothing that the last user could see stays behind for the next one.
      client.clear();
      client.setQueryData(meQuery.queryKey, null);
    },
  });
}

export function useProject(id: number) {
  return useQuery({
    queryKey: ['project', id],
    queryFn: () => calls.fetchProject(id),
    refetchInterval: PROJECT_POLL_MS,
  });
}

export function useCases(project: number, state: CaseFilter | null, page: number) {
  return useQuery({
    queryKey: ['project', project, 'cases', state, page],
    queryFn: () => calls.fetchCases(project, state, page),
    placeholderData: keepPreviousData,
    refetchInterval: PROJECT_POLL_MS,
  });
}

export const isUnderWay = (job: Job): boolean => job.state === 'queued' || job.state === 'running';

export function useJob(id: number | null) {
  return useQuery({
    queryKey: ['job', id],
    queryFn: () => calls.fetchJob(id as number),
    enabled: id !== null,
    refetchInterval: (query) =>
      query.state.data !== undefined && !isUnderWay(query.state.data) ? false : JOB_POLL_MS,
  });
}

export function useWorklist(project: number) {
  return useQuery({
    queryKey: ['worklist', project],
    queryFn: () => calls.fetchWorklist(project),
    refetchInterval: WORKLIST_POLL_MS,
  });
}

/** For pages that show what is known of the worklist and do not ask for it themselves. */
export function refreshWorklist(client: QueryClient, project: number): Promise<void> {
  return client.prefetchQuery({
    queryKey: ['worklist', project],
    queryFn: () => calls.fetchWorklist(project),
    staleTime: 0,
  });
}

export function useTakeNext(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (role: AssignmentRole) => calls.takeNext(project, role),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist', project] }),
  });
}

export function useSubmit(assignment: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: number | { revision: number; notLookedAt: readonly string[] }) =>
      typeof given === 'number'
        ? calls.submitAssignment(assignment, given)
        : calls.submitAssignment(assignment, given.revision, given.notLookedAt),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist'] }),
  });
}

export function useRelease(assignment: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => calls.releaseAssignment(assignment),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist'] }),
  });
}

export function useVerdict(assignment: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: GivenVerdict) => calls.giveVerdict(assignment, given),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist'] }),
  });
}

export function useStartRun(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => calls.startRun(project),
    onSuccess: () => refreshProject(client, project),
  });
}

export function useCancelJob(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job: number) => calls.cancelJob(job),
    onSuccess: (_answer, job) =>
      Promise.all([refreshProject(client, project), client.invalidateQueries({ queryKey: ['job', job] })]),
  });
}

export function useUploadCase(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: calls.NewCase) => calls.uploadCase(project, given),
    onSuccess: () => refreshProject(client, project),
  });
}

export function refreshProject(client: QueryClient, project: number): Promise<void> {
  return client.invalidateQueries({ queryKey: ['project', project] });
}
