/** One function for every route of the HTTP API. */

import { request, requestBytes, requestJson } from './client';
import type {
  Assignment,
  AssignmentEnd,
  AssignmentRole,
  CaseFilter,
  CasePage,
  CreatedCase,
  GivenVerdict,
  Job,
  NextCase,
  Ping,
  Project,
  ReadingSession,
  RevisionMeta,
  SavedRevision,
  VerdictAnswer,
  Worklist,
} from './types';

export function fetchProject(id: number): Promise<Project> {
  return requestJson(`/api/projects/${id}/`);
}

export function changePolicy(project: number, retrainAfter: number): Promise<Project> {
  return requestJson(`/api/projects/${project}/`, { method: 'PATCH', json: { retrain_after: retrainAfter } });
}

export function fetchCases(project: number, state: CaseFilter | null, page: number): Promise<CasePage> {
  const query = new URLSearchParams({ page: String(page) });
  if (state !== null) {
    query.set('state', state);
  }
  return requestJson(`/api/projects/${project}/cases/?${query}`);
}

export interface NewCase {
  readonly image: File;
  readonly label: File | null;
  readonly name: string;
}

export function uploadCase(project: number, given: NewCase): Promise<CreatedCase> {
  const form = new FormData();
  form.set('image', given.image);
  if (given.label !== null) {
    form.set('label', given.label);
  }
  if (given.name !== '') {
    form.set('name', given.name);
  }
  return requestJson(`/api/projects/${project}/cases/`, { method: 'POST', form });
}

export function startImport(project: number, folder: string): Promise<Job> {
  return requestJson(`/api/projects/${project}/imports/`, { method: 'POST', json: { folder } });
}

export function startRun(project: number): Promise<Job> {
  return requestJson(`/api/projects/${project}/runs/`, { method: 'POST' });
}

/** The last answer is kept with its ETag, so that an unchanged job costs no body. */
const seenJobs = new Map<number, { etag: string; job: Job }>();

export async function fetchJob(id: number): Promise<Job> {
  const seen = seenJobs.get(id);
  const headers: Record<string, string> = seen === undefined ? {} : { 'If-None-Match': seen.etag };
  const response = await request(`/api/jobs/${id}/`, { headers });
  if (response.status === 304 && seen !== undefined) {
    return seen.job;
  }
  const job = (await response.json()) as Job;
  const etag = response.headers.get('ETag');
  if (etag !== null) {
    seenJobs.set(id, { etag, job });
  }
  return job;
}

export function cancelJob(id: number): Promise<Job> {
  return requestJson(`/api/jobs/${id}/cancel/`, { method: 'POST' });
}

export function fetchWorklist(project: number): Promise<Worklist> {
  return requestJson(`/api/worklist/?project=${project}`);
}

export function takeNext(project: number, role: AssignmentRole): Promise<NextCase> {
  return requestJson('/api/worklist/next/', { method: 'POST', json: { project, role } });
}

export function fetchAssignment(id: number): Promise<Assignment> {
  return requestJson(`/api/assignments/${id}/`);
}

/** The non-empty 32³ chunks of a mask at a revision; `decodeMaskChunks` of `voxels` reads them. */
export function fetchMask(id: number, revision: number): Promise<ArrayBuffer> {
  return requestBytes(`/api/masks/${id}/?revision=${revision}`, { headers: { Accept: '*/*' } });
}

export function startSession(assignment: number): Promise<ReadingSession> {
  return requestJson(`/api/assignments/${assignment}/sessions/`, { method: 'POST' });
}

export function pingSession(session: number, visible: boolean): Promise<Ping> {
  return requestJson(`/api/sessions/${session}/ping/`, { method: 'POST', json: { visible } });
}

/** `edits` is the gzip'd body of `encodeEdits`. The same key again gets the same answer. */
export function saveRevision(assignment: number, meta: RevisionMeta, edits: Blob): Promise<SavedRevision> {
  const form = new FormData();
  form.set('meta', JSON.stringify(meta));
  form.set('edits', edits, 'edits.gz');
  return requestJson(`/api/assignments/${assignment}/revisions/`, { method: 'POST', form });
}

export function submitAssignment(id: number, revision: number): Promise<AssignmentEnd> {
  return requestJson(`/api/assignments/${id}/submit/`, { method: 'POST', json: { revision } });
}

export function giveVerdict(assignment: number, given: GivenVerdict): Promise<VerdictAnswer> {
  return requestJson(`/api/assignments/${assignment}/verdict/`, { method: 'POST', json: given });
}
