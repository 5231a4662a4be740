/** Who did what in a project, and from where. */

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { requestJson } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];

export type AuditRow = Schemas['AuditRow'];
export type AuditAction = Schemas['Action'];
type AuditPage = Schemas['AuditOutput'];

/** Empty fields narrow nothing; days are those of this computer. */
export interface AuditWanted {
  readonly person: string;
  readonly case: string;
  readonly action: AuditAction | '';
  readonly from: string;
  readonly to: string;
}

function queryOf(wanted: AuditWanted): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ['person', 'case', 'action'] as const) {
    if (wanted[name] !== '') {
      query.set(name, wanted[name]);
    }
  }
  if (wanted.from !== '') {
    query.set('since', startOf(wanted.from, 0));
  }
  if (wanted.to !== '') {
    query.set('until', startOf(wanted.to, 1));
  }
  return query;
}

/** The beginning of a day of this computer, so many days later, as the server reads it. */
export function startOf(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

export function useAudit(project: number, wanted: AuditWanted) {
  const query = queryOf(wanted);
  return useInfiniteQuery({
    queryKey: ['project', project, 'audit', query.toString()],
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams(query);
      if (pageParam !== null) {
        page.set('before', String(pageParam));
      }
      return requestJson<AuditPage>(`/api/projects/${project}/audit/?${page}`, { signal });
    },
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

/** Where the browser fetches all that was found. */
export function auditFile(project: number, wanted: AuditWanted, form: 'csv' | 'jsonl'): string {
  const query = queryOf(wanted);
  query.set('form', form);
  return `/api/projects/${project}/audit/file/?${query}`;
}
