/** One function for every route of the HTTP API. */

import { request, requestBytes, requestJson } from './client';
import { packEvents } from './packEvents';
import type {
  Assignment,
  AssignmentEnd,
  AssignmentRole,
  Branch,
  BranchMeta,
  CaseFilter,
  CasePage,
  CreatedCase,
  GivenVerdict,
  Guideline,
  GuidelineDraft,
  GuidelineImage,
  GuidelineListed,
  GuidelineVersion,
  Hanging,
  Job,
  Looked,
  MeasuredPoints,
  NextCase,
  Ping,
  Preferences,
  Project,
  ReadingSession,
  RevisionEntry,
  RevisionMeta,
  SavedRevision,
  StepMeta,
  SuspiciousRegions,
  Triple,
  UncertaintyMap,
  Upcoming,
  VerdictAnswer,
  Worklist,
} from './types';

export function fetchProject(id: number): Promise<Project> {
  return requestJson(`/api/projects/${id}/`);
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
  /** Where it was scanned; '' = not said. */
  readonly site: string;
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
  if (given.site !== '') {
    form.set('site', given.site);
  }
  return requestJson(`/api/projects/${project}/cases/`, { method: 'POST', form });
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

/** With what its page needs. */
export function takeNext(project: number, role: AssignmentRole): Promise<NextCase> {
  const json = { project, role, with_read: true };
  return requestJson('/api/worklist/next/', { method: 'POST', json, priority: 'high' });
}

export function fetchAssignment(id: number): Promise<Assignment> {
  return requestJson(`/api/assignments/${id}/`, { priority: 'high' });
}

/** The non-empty 32³ chunks of a mask at a revision; `decodeMaskChunks` of `voxels` reads them. */
export function fetchMask(id: string, revision: number): Promise<ArrayBuffer> {
  return requestBytes(`/api/masks/${id}/?revision=${revision}`, { headers: { Accept: '*/*' } });
}

export function startSession(assignment: number): Promise<ReadingSession> {
  return requestJson(`/api/assignments/${assignment}/sessions/`, { method: 'POST' });
}

export function pingSession(session: number, visible: boolean): Promise<Ping> {
  return requestJson(`/api/sessions/${session}/ping/`, { method: 'POST', json: { visible } });
}

/** A tool that changed many structures is named once: otherwise it takes more bytes than the strokes. */
function metaText(meta: RevisionMeta): string {
  return JSON.stringify({ ...meta, events: packEvents(meta.events) });
}

/** `edits` is the gzip'd body of `encodeEdits`. The same key again gets the same answer. */
export function saveRevision(assignment: number, meta: RevisionMeta, edits: Blob): Promise<SavedRevision> {
  const form = new FormData();
  form.set('meta', metaText(meta));
  form.set('edits', edits, 'edits.gz');
  return requestJson(`/api/assignments/${assignment}/revisions/`, { method: 'POST', form });
}

/** `notLookedAt`: keys of structures that the reader did not check; models learn nothing about them here. */
export function submitAssignment(
  id: number,
  revision: number,
  notLookedAt: readonly string[] = [],
): Promise<AssignmentEnd> {
  const json = { revision, not_looked_at: notLookedAt };
  return requestJson(`/api/assignments/${id}/submit/`, { method: 'POST', json });
}

export function giveVerdict(assignment: number, given: GivenVerdict): Promise<VerdictAnswer> {
  return requestJson(`/api/assignments/${assignment}/verdict/`, { method: 'POST', json: given });
}

/** Newest first, 50 at a time; ask again with `before` = the last number until 1 was among them. */
export function fetchRevisions(mask: string, before: number | null = null): Promise<RevisionEntry[]> {
  return requestJson(`/api/masks/${mask}/revisions/${before === null ? '' : `?before=${before}`}`);
}

/** What turns revision `from` into `to`, either way; `decodeEdits` of `voxels` reads it. 0 = the base. */
export function fetchDifference(mask: string, from: number, to: number): Promise<ArrayBuffer> {
  return requestBytes(`/api/masks/${mask}/difference/?from=${from}&to=${to}`, { headers: { Accept: '*/*' } });
}

/** Makes the mask what it was at `revision`, as a new revision. The same key again gets the same answer. */
export function restoreRevision(
  assignment: number,
  revision: number,
  meta: StepMeta,
): Promise<SavedRevision> {
  const json = { ...meta, revision };
  return requestJson(`/api/assignments/${assignment}/restore/`, { method: 'POST', json });
}

/** Takes back what `revision` changed, as a new revision. `ApiError` 400 where that was changed again since. */
export function undoRevision(assignment: number, revision: number, meta: StepMeta): Promise<SavedRevision> {
  const { base_revision, key, session } = meta;
  const json = { base_revision, key, session, revision };
  return requestJson(`/api/assignments/${assignment}/undo/`, { method: 'POST', json });
}

/** Keeps strokes that can no longer be saved; `edits` as in `saveRevision`. Never refused as stale. */
export function saveBranch(assignment: number, meta: BranchMeta, edits: Blob): Promise<Branch> {
  const form = new FormData();
  form.set('meta', metaText(meta));
  form.set('edits', edits, 'edits.gz');
  return requestJson(`/api/assignments/${assignment}/branches/`, { method: 'POST', form });
}

/** Puts what the branch changed on the newest revision, as a new revision of the assignment's mask. */
export function applyBranch(mask: string, meta: StepMeta): Promise<SavedRevision> {
  return requestJson(`/api/branches/${mask}/apply/`, { method: 'POST', json: meta });
}

/** Slices that were on screen; what the server knows already stays. Answers with all that it knows. */
export function saveLooked(assignment: number, looked: Partial<Looked>): Promise<Looked> {
  return requestJson(`/api/assignments/${assignment}/looked/`, { method: 'PUT', json: looked });
}

/** New and changed ones by their keys, and the keys of removed ones. Answers with all there is. */
export async function saveMeasurements(
  assignment: number,
  change: { readonly changed: readonly MeasuredPoints[]; readonly removed: readonly string[] },
): Promise<readonly MeasuredPoints[]> {
  const path = `/api/assignments/${assignment}/measurements/`;
  const answer = await requestJson<{ measurements: readonly MeasuredPoints[] }>(path, {
    method: 'PATCH',
    json: change,
  });
  return answer.measurements;
}

/** Keys of structures that the reader left out and the reviewer completed; replaces what was said before. */
export async function saveCompleted(assignment: number, keys: readonly string[]): Promise<readonly string[]> {
  const path = `/api/assignments/${assignment}/completed/`;
  const answer = await requestJson<{ structures: readonly string[] }>(path, {
    method: 'PUT',
    json: { structures: keys },
  });
  return answer.structures;
}

/** Gives a case back on which nothing was drawn. */
export function releaseAssignment(id: number): Promise<AssignmentEnd> {
  return requestJson(`/api/assignments/${id}/release/`, { method: 'POST' });
}

export function fetchPreferences(): Promise<Preferences> {
  return requestJson('/api/me/preferences/');
}

/** Replaces all of them; at most 16 KiB of JSON. */
export function savePreferences(preferences: Preferences): Promise<Preferences> {
  return requestJson('/api/me/preferences/', { method: 'PUT', json: preferences });
}

export function fetchGuideline(project: number): Promise<Guideline> {
  return requestJson(`/api/projects/${project}/guideline/`);
}

/** Newest first, 50 at a time; ask again with `before` = the last number until 1 was among them. */
export function fetchGuidelineVersions(project: number, before: number | null): Promise<GuidelineListed[]> {
  const query = before === null ? '' : `?before=${before}`;
  return requestJson(`/api/projects/${project}/guideline/versions/${query}`);
}

export function fetchGuidelineVersion(project: number, version: number): Promise<GuidelineVersion> {
  return requestJson(`/api/projects/${project}/guideline/versions/${version}/`);
}

export function saveGuideline(project: number, draft: GuidelineDraft): Promise<Guideline> {
  return requestJson(`/api/projects/${project}/guideline/`, { method: 'PUT', json: draft });
}

/** PNG or JPEG, at most 4 MiB and 4096 pixels a side. */
export function uploadGuidelineImage(project: number, image: File): Promise<GuidelineImage> {
  const form = new FormData();
  form.set('image', image);
  return requestJson(`/api/projects/${project}/guideline/images/`, { method: 'POST', form });
}

export function changeHanging(project: number, hanging: Hanging): Promise<Project> {
  return requestJson(`/api/projects/${project}/`, { method: 'PATCH', json: { hanging } });
}

export function fetchRegions(prediction: string): Promise<SuspiciousRegions> {
  return requestJson(`/api/masks/${prediction}/regions/`);
}

/** Throws `ApiError` 404 where the prediction was made without a map. */
export async function fetchUncertainty(prediction: string): Promise<UncertaintyMap> {
  const response = await request(`/api/masks/${prediction}/uncertainty/`, { headers: { Accept: '*/*' } });
  const values = new Uint8Array(await response.arrayBuffer());
  return { shape: triple(response, 'X-Shape'), factor: triple(response, 'X-Factor'), values };
}

/** What `takeNext` would give for annotation, without taking it; `after`: the read that is open now. */
export async function fetchUpcoming(project: number, after: number | null): Promise<Upcoming | null> {
  const query = new URLSearchParams({ project: String(project) });
  if (after !== null) {
    query.set('after', String(after));
  }
  const answer = await requestJson<{ upcoming: Upcoming | null }>(`/api/worklist/upcoming/?${query}`);
  return answer.upcoming;
}

function triple(response: Response, header: string): Triple {
  const [i, j, k] = (response.headers.get(header) ?? '').split(',').map(Number);
  return [i ?? 0, j ?? 0, k ?? 0];
}
