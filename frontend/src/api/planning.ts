/** What is read for reliability: what a draft plan costs, cases set apart, requirements, groups of structures. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';
import type { PlanFigures } from './team';

type Schemas = components['schemas'];

/** Reads, hours of all readers together, half-widths of 95 % intervals; null = not measured by the plan. */
export type PlanForecast = Schemas['ForecastOutput'];
/** What the forecast rests on where it is not as it was measured in the project. */
export type Assumed = Schemas['AssumedInRequest'];
export type CalibrationCase = Schemas['CalibrationShape'];
export type CalibrationDraft = Schemas['CalibrationShapeRequest'];
export type GoldCase = Schemas['GoldShape'];
/** Structure '' = each that has none of its own. */
export type Requirement = Schemas['RequirementShape'];
export type StructureGroup = Schemas['GroupShape'];

/** What the draft would cost and give; a draft that nobody can follow fails with the reason. */
export function usePlanForecast(project: number, plan: PlanFigures | null, assumed: Assumed) {
  return useQuery({
    queryKey: ['project', project, 'forecast', plan, assumed],
    queryFn: ({ signal }) =>
      requestJson<PlanForecast>(`/api/projects/${project}/reliability/forecast/`, {
        method: 'POST',
        json: { plan, assumed },
        signal,
      }),
    enabled: plan !== null,
    retry: false,
  });
}

/** Of surface Dice, structure by structure. */
export type Tolerance = Schemas['ToleranceOut'];

const tolerancesKey = (project: number) => ['project', project, 'tolerances'] as const;
const tolerancesPath = (project: number) => `/api/projects/${project}/tolerances/`;

export function useTolerances(project: number) {
  return useQuery({
    queryKey: tolerancesKey(project),
    queryFn: () => requestJson<Tolerance[]>(tolerancesPath(project)),
  });
}

/** null = the catalogue's. What was scored with another one is scored again by a job. */
export function useChangeTolerance(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: { readonly structure: string; readonly tolerance_mm: number | null }) =>
      requestJson<Tolerance[]>(tolerancesPath(project), { method: 'PUT', json }),
    onSuccess: (rows) => {
      client.setQueryData(tolerancesKey(project), rows);
      return refreshProject(client, project);
    },
  });
}

type SetName = 'calibration' | 'gold' | 'requirements' | 'groups';

const setKey = (project: number, name: SetName) => ['project', project, name] as const;
const setPath = (project: number, name: SetName) => `/api/projects/${project}/${name}/`;

function useSet<Row>(project: number, name: SetName) {
  return useQuery({
    queryKey: setKey(project, name),
    queryFn: () => requestJson<Row[]>(setPath(project, name)),
  });
}

/** All rows are sent and replace those that were. */
function useReplaceSet<Sent, Row>(project: number, name: SetName) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (json: readonly Sent[]) =>
      requestJson<Row[]>(setPath(project, name), { method: 'PUT', json }),
    onSuccess: (rows) => {
      client.setQueryData(setKey(project, name), rows);
      return refreshProject(client, project);
    },
  });
}

export const useCalibration = (project: number) => useSet<CalibrationCase>(project, 'calibration');
export const useChangeCalibration = (project: number) =>
  useReplaceSet<CalibrationDraft, CalibrationCase>(project, 'calibration');

/** Fills the set up by lot to what the plan asks for. */
export function useDrawCalibration(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => requestJson<CalibrationCase[]>(setPath(project, 'calibration'), { method: 'POST' }),
    onSuccess: (rows) => {
      client.setQueryData(setKey(project, 'calibration'), rows);
      return refreshProject(client, project);
    },
  });
}

export const useGold = (project: number) => useSet<GoldCase>(project, 'gold');
export const useChangeGold = (project: number) => useReplaceSet<GoldCase, GoldCase>(project, 'gold');

export const useRequirements = (project: number) => useSet<Requirement>(project, 'requirements');
export const useChangeRequirements = (project: number) =>
  useReplaceSet<Requirement, Requirement>(project, 'requirements');

export const useGroups = (project: number) => useSet<StructureGroup>(project, 'groups');
export const useChangeGroups = (project: number) =>
  useReplaceSet<StructureGroup, StructureGroup>(project, 'groups');
