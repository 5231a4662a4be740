/** The server's shapes under the names the front end uses, narrowed where OpenAPI cannot say it (three of a kind). */

import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['MeOutput'];
export type ProjectRef = Schemas['MeOutputProject'];
export type Role = Schemas['Role'];

export type Structure = Schemas['StructureOut'];
export type CaseState = Schemas['CaseState'];
/** Test cases are counted and listed apart from the states of the pool. */
export type CaseFilter = CaseState | 'test';
export type CaseRow = Schemas['CasesOutputRow'];
export type CasePage = Schemas['CasesOutput'];
export type CreatedCase = Schemas['CasesCreated'];

export type Model = Schemas['ModelOut'];
export type Job = Schemas['JobOut'];
export type Project = Omit<Schemas['ProjectOut'], 'case_counts'> & {
  readonly case_counts: Readonly<Record<CaseFilter, number>>;
};

export type AssignmentRole = Schemas['NextInputRoleEnum'];
export type AssignmentSummary = Schemas['SummaryOut'];
export type Worklist = Schemas['WorklistOutput'];
export type NextCase = Schemas['NextOutput'];
export type Verdict = Schemas['Verdict'];
export type MaskRef = Schemas['MaskRefOut'];

export type Triple = readonly [number, number, number];

/** Shapes are (ni, nj, nk), spacing and origin millimetres in LPS. */
export interface VolumeLevel {
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  readonly path: string;
}

export interface VolumeInfo {
  readonly id: number;
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  readonly origin_lps: Triple;
  /** Row-major 3×3; the columns are the unit vectors of i, j and k in LPS. */
  readonly direction: readonly [Triple, Triple, Triple];
  readonly levels: readonly VolumeLevel[];
  readonly chunk_slices: number;
}

export type Assignment = Omit<Schemas['AssignmentOutput'], 'volume'> & { readonly volume: VolumeInfo };
export type AssignmentEnd = Schemas['StateOut'];
export type ReadingSession = Schemas['SessionsOutput'];
export type Ping = Schemas['PingOutput'];
export type SavedRevision = Schemas['RevisionsOutput'];
export type VerdictAnswer = Schemas['VerdictOutput'];
export type GivenVerdict = Schemas['VerdictInputRequest'];

/** What one stroke did, in voxels. */
export interface EditEvent {
  readonly tool: string;
  readonly structure: number;
  readonly layer: number;
  readonly added: number;
  readonly removed: number;
}

/** The JSON part beside the edits of a save; a multipart field, so that OpenAPI knows it only as text. */
export interface RevisionMeta {
  readonly base_revision: number;
  readonly key: string;
  readonly session: number | null;
  readonly events: readonly EditEvent[];
}
