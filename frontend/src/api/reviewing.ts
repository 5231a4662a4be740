/** Verdicts on structures, pins, and adjudication. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { request, requestJson } from './client';
import type { components } from './schema';
import type { NextCase, Triple, VerdictAnswer } from './types';

type Schemas = components['schemas'];

/** What a reviewer says of one structure; `acceptability` 1 to 5, null: not said. */
export interface Judged {
  readonly structure: string;
  readonly verdict: 'accept' | 'return';
  readonly acceptability: Acceptability | null;
}

export type Acceptability = 1 | 2 | 3 | 4 | 5;
export type ErrorCode = Schemas['PinOut']['error_code'];
export type PinState = Schemas['PinOut']['state'];
export type PinNote = Schemas['NoteOut'];
export type Pin = Omit<Schemas['PinOut'], 'point_lps'> & { readonly point_lps: Triple };

export interface NewPin {
  readonly structure: string;
  readonly point_lps: Triple;
  readonly error_code: ErrorCode;
  readonly text: string;
}

/** Edits in base64, as `decodeEdits` reads them: the voxels as that side has them. */
export type Sides = Schemas['EditsOut'];
/** A connected piece in which two reads differ; `centre_ijk` is a voxel of it. */
export type Component = Omit<Schemas['ComponentOut'], 'centre_ijk' | 'low' | 'high'> & {
  readonly centre_ijk: Triple;
  readonly low: Triple;
  readonly high: Triple;
};
export type Disagreement = Omit<Schemas['ComponentsOutput'], 'components'> & {
  /** Largest volume × distance beyond the tolerance first. */
  readonly components: readonly Component[];
};

/** Replaces what was said before. */
export function saveJudged(assignment: number, structures: readonly Judged[]): Promise<unknown> {
  return requestJson(`/api/assignments/${assignment}/judged/`, { method: 'PUT', json: { structures } });
}

export async function fetchPins(assignment: number): Promise<readonly Pin[]> {
  const { pins } = await requestJson<{ pins: readonly Pin[] }>(`/api/assignments/${assignment}/pins/`);
  return pins;
}

export function dropPin(assignment: number, pin: NewPin): Promise<Pin> {
  return requestJson(`/api/assignments/${assignment}/pins/`, { method: 'POST', json: pin });
}

export function setPinState(pin: number, state: PinState): Promise<Pin> {
  return requestJson(`/api/pins/${pin}/`, { method: 'PATCH', json: { state } });
}

export async function deletePin(pin: number): Promise<void> {
  await request(`/api/pins/${pin}/`, { method: 'DELETE' });
}

export function replyToPin(pin: number, text: string): Promise<Pin> {
  return requestJson(`/api/pins/${pin}/notes/`, { method: 'POST', json: { text } });
}

export function fetchDisagreement(assignment: number): Promise<Disagreement> {
  return requestJson(`/api/assignments/${assignment}/components/`);
}

export function useAdjudicate(assignment: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: { readonly revision: number; readonly comment: string }): Promise<VerdictAnswer> =>
      requestJson(`/api/assignments/${assignment}/adjudicate/`, { method: 'POST', json: given }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist'] }),
  });
}

/** How many pairs of reads wait for somebody who read neither. */
export function useAdjudications(project: number, isEnabled: boolean) {
  return useQuery({
    queryKey: ['worklist', project, 'adjudications'],
    queryFn: () => requestJson<{ waiting: number }>(`/api/projects/${project}/adjudications/`),
    enabled: isEnabled,
  });
}

export function useTakeAdjudication(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (): Promise<Pick<NextCase, 'assignment' | 'detail'>> =>
      requestJson(`/api/projects/${project}/adjudications/`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['worklist', project] }),
  });
}
