/** What charts rest on: rows of the tables behind them, and the addresses of the same rows as files. */

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { requestJson } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export interface DashboardRows {
  readonly states: Schemas['StateRow'];
  readonly weeks: Schemas['WeekRow'];
  readonly months: Schemas['MonthRow'];
  readonly pools: Schemas['PoolRow'];
  readonly agreement: Schemas['MarkRow'];
  readonly published: Schemas['PublishedRow'];
  readonly pairs: Schemas['PairRow'];
  readonly volume_points: Schemas['PointRow'];
  readonly volume_limits: Schemas['LimitsRow'];
  readonly calibration: Schemas['CalibrationRow'];
  readonly reader_rates: Schemas['RateRow'];
  readonly anchoring: Schemas['AnchoringRow'];
  readonly drift: Schemas['DriftRow'];
  readonly drift_states: Schemas['DriftStateRow'];
  readonly rounds: Schemas['RoundRow'];
  readonly tools: Schemas['ToolRow'];
  readonly first_pass: Schemas['FirstPassRow'];
  readonly acceptability: Schemas['AcceptabilityRow'];
  readonly errors: Schemas['ErrorRow'];
  readonly scored_cases: Schemas['BehindRow'];
  readonly pool_cases: Schemas['BehindRow'];
  readonly read_cases: Schemas['BehindRow'];
  readonly judged_cases: Schemas['BehindRow'];
  readonly graded_cases: Schemas['BehindRow'];
  readonly arm_cases: Schemas['BehindRow'];
  readonly tested_cases: Schemas['BehindRow'];
  readonly minutes_saved: Schemas['SavedRow'];
  readonly learning_points: Schemas['LearningPointRow'];
  readonly learning_curves: Schemas['LearningCurveRow'];
  readonly learning_forecasts: Schemas['LearningForecastRow'];
  readonly arms: Schemas['ArmRow'];
  readonly networks_compared: Schemas['BenchedRow'];
  readonly dataset_scans: Schemas['ScanRow'];
  readonly dataset_groups: Schemas['GroupRow'];
  readonly dataset_bars: Schemas['BarRow'];
  readonly dataset_structures: Schemas['StructureCounts'];
  readonly dataset_sources: Schemas['SourceRow'];
}

export type DashboardName = keyof DashboardRows;
export type DashboardQuery = Readonly<Record<string, string | number>>;
export type FileForm = 'csv' | 'parquet';
export type DashboardOverview = Schemas['OverviewOutput'];
export type OwnReading = Schemas['OwnOutput'];
export type Ahead = Schemas['AheadOut'];

/** Comparisons of reads that wait, run or failed. */
export type Scoring = Schemas['ScoringOut'];

const FRESH_MS = 60_000;

export function rowsAddress(
  project: number,
  name: DashboardName,
  query: DashboardQuery = {},
  form?: FileForm,
): string {
  const given = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  if (form !== undefined) {
    given.set('form', form);
  }
  const search = given.toString();
  return `/api/projects/${project}/dashboards/${name}/${search === '' ? '' : `?${search}`}`;
}

/** Rows of a table; null in place of a query = not asked yet. */
export function useRows<Name extends DashboardName>(
  project: number,
  name: Name,
  query: DashboardQuery | null = {},
) {
  return useQuery({
    queryKey: ['project', project, 'dashboards', name, query],
    queryFn: () =>
      requestJson<{ rows: readonly DashboardRows[Name][] }>(rowsAddress(project, name, query ?? {})),
    select: ({ rows }) => rows,
    enabled: query !== null,
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

export function useDashboardOverview(project: number) {
  return useQuery({
    queryKey: ['project', project, 'dashboards', 'overview'],
    queryFn: () => requestJson<DashboardOverview>(`/api/projects/${project}/dashboards/overview/`),
    staleTime: FRESH_MS,
  });
}

export function useOwnReading(project: number) {
  return useQuery({
    queryKey: ['project', project, 'own'],
    queryFn: () => requestJson<OwnReading>(`/api/me/reading/${project}/`),
    staleTime: FRESH_MS,
  });
}

const SCORING_POLL_MS = 2_000;
const scoringKey = (project: number) => ['scoring', project] as const;
const scoringPath = (project: number): string => `/api/projects/${project}/scoring/`;

/** Asked for often while something is under way. */
export function useScoring(project: number) {
  return useQuery({
    queryKey: scoringKey(project),
    queryFn: () => requestJson<Scoring>(scoringPath(project)),
    refetchInterval: ({ state }) => ((state.data?.waiting ?? 0) > 0 ? SCORING_POLL_MS : FRESH_MS),
  });
}

/** Has everything that failed tried again; asking twice is asking once. */
export function useScoreAgain(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => requestJson<Scoring>(scoringPath(project), { method: 'POST' }),
    onSuccess: (scoring) => {
      client.setQueryData(scoringKey(project), scoring);
      return refreshProject(client, project);
    },
  });
}

export const reportAddress = (project: number, form: 'html' | 'pdf'): string =>
  `/api/projects/${project}/report/?form=${form}`;
