/** When a project trains, what its gate compared and decided, and what its structures should reach. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export type LearningPolicy = Required<Schemas['PolicyShape']>;
/** What the next training waits for. */
export type NextRound = Schemas['PolicyOutputNext'];
export type StructureGoal = Schemas['GoalShape'];
export type GateDecision = Schemas['DecisionsOutputDecision'];
export type GateDecisions = Schemas['DecisionsOutput'];
export type GateComparison = Schemas['ComparisonOutput'];
export type GateFigures = Schemas['ComparisonOutputFigures'];
export type GateMeasure = Schemas['MeasureOut'];

interface PolicyAnswer {
  readonly policy: LearningPolicy;
  readonly next: NextRound;
}

const address = (project: number, path: string) => `/api/projects/${project}/${path}/`;

export function useLearningPolicy(project: number) {
  return useQuery({
    queryKey: ['project', project, 'policy'],
    queryFn: ({ signal }) => requestJson<PolicyAnswer>(address(project, 'policy'), { signal }),
  });
}

export function useChangeLearningPolicy(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: Partial<LearningPolicy>) =>
      requestJson<PolicyAnswer>(address(project, 'policy'), { method: 'PATCH', json }),
    onSuccess: (answer) => {
      client.setQueryData(['project', project, 'policy'], answer);
      return refreshProject(client, project);
    },
  });
}

export function useGoals(project: number) {
  return useQuery({
    queryKey: ['project', project, 'goals'],
    queryFn: ({ signal }) => requestJson<StructureGoal[]>(address(project, 'goals'), { signal }),
  });
}

/** In place of all others. */
export function useChangeGoals(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: readonly StructureGoal[]) =>
      requestJson<StructureGoal[]>(address(project, 'goals'), { method: 'PUT', json }),
    onSuccess: (rows) => {
      client.setQueryData(['project', project, 'goals'], rows);
      return refreshProject(client, project);
    },
  });
}

export function useGateDecisions(project: number) {
  return useQuery({
    queryKey: ['project', project, 'decisions'],
    queryFn: ({ signal }) => requestJson<GateDecisions>(address(project, 'decisions'), { signal }),
  });
}

export function useGateComparison(project: number, version: number) {
  return useQuery({
    queryKey: ['project', project, 'comparison', version],
    queryFn: ({ signal }) =>
      requestJson<GateComparison>(address(project, `models/${version}/comparison`), { signal }),
  });
}

interface Serving {
  readonly serving: number;
}

/** Whatever the gate said; the reason is kept with the decision. */
export function usePromoteModel(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ version, reason }: { readonly version: number; readonly reason: string }) =>
      requestJson<Serving>(address(project, `models/${version}/promotion`), {
        method: 'POST',
        json: { reason },
      }),
    onSuccess: () => refreshProject(client, project),
  });
}

/** To the model that served before; refused where another one serves by now than the page shows. */
export function useRollBack(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: { readonly version: number; readonly reason: string }) =>
      requestJson<Serving>(address(project, 'rollback'), { method: 'POST', json }),
    onSuccess: () => refreshProject(client, project),
    onError: () => refreshProject(client, project),
  });
}
