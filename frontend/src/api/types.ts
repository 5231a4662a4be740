/** The server's shapes under the names the front end uses, narrowed where OpenAPI cannot say it (three of a kind). */

import type { Plane } from '../voxels';
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
  readonly case_counts: Readonly<Record<CaseFilter, number>> | null;
};

export type AssignmentRole = Schemas['NextInputRoleEnum'];
export type AssignmentSummary = Schemas['SummaryOut'];
export type Worklist = Schemas['WorklistOutput'];
/** `read`: what its page needs. */
export type NextCase = Omit<Schemas['NextOutput'], 'read'> & { readonly read: Assignment | null };
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
  /** A handle, as those of masks: it belongs to one read. */
  readonly id: string;
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  /** False: the files do not say it, and nothing is in millimetres. */
  readonly spacing_known: boolean;
  readonly origin_lps: Triple;
  /** Row-major 3×3; the columns are the unit vectors of i, j and k in LPS. */
  readonly direction: readonly [Triple, Triple, Triple];
  readonly levels: readonly VolumeLevel[];
  readonly chunk_slices: number;
}

export type Assignment = Omit<Schemas['AssignmentOutput'], 'volume' | 'measurements' | 'subject'> & {
  readonly volume: VolumeInfo;
  readonly measurements: readonly MeasuredPoints[];
  /** Of a review: what is under review. */
  readonly subject: { readonly mask: MaskRef; readonly measurements: readonly MeasuredPoints[] } | null;
};
export type AssignmentEnd = Schemas['StateOut'];
export type ReadingSession = Schemas['SessionsOutput'];
export type Ping = Schemas['PingOutput'];
export type SavedRevision = Schemas['SavedOut'];
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

/** One saved step of a mask; `author` is null where a name would unblind somebody, and for models. */
export type RevisionEntry = Schemas['RevisionOut'];

/**
 * Strokes that were drawn on a revision that is not the newest, or on a case that went to somebody else.
 *
 * `mask` is one like any other of the reader's own (`fetchMask`, `fetchRevisions`, `fetchDifference`), `head` its newest
 * revision; `base_revision` is the one of the assignment's mask that the strokes were drawn on.
 */
export type Branch = Schemas['BranchOut'];

/** What goes with strokes that become a branch; `branch` continues one, null begins one. */
export interface BranchMeta extends RevisionMeta {
  readonly branch: string | null;
}

/** What makes a new revision of the assignment's mask without drawing. */
export interface StepMeta {
  /** Newest revision that the browser knows; 409 with `head` in `extra` when there is a newer one. */
  readonly base_revision: number;
  readonly key: string;
  readonly session: number | null;
}

/**
 * What a reader measured, in LPS millimetres: ends, the long axis before the short one, the vertex of an angle between
 * its ends, the ends of both axes of an ellipse.
 */
export interface MeasuredPoints {
  readonly key: string;
  readonly kind: 'length' | 'bidirectional' | 'angle' | 'ellipse';
  readonly plane: Plane;
  /** How the plane was turned, degrees about each axis of the scan; zeros in a slice. */
  readonly tilt_deg: Triple;
  readonly points_lps: readonly Triple[];
  readonly label: string;
}

/** Layout in which the cases of a project open. */
export type Hanging = Schemas['HangingEnum'];

/** Per plane one bit per slice, base64: slice s is bit s % 8 (lowest first) of byte ⌊s / 8⌋. */
export type Looked = Readonly<Record<Plane, string>>;

/**
 * `keys`: the key of each action, by the action's name (`a-z0-9_.-`, at most 64), '' = no key. `settings`: whatever else
 * is remembered, by name: text, numbers, booleans or null.
 */
export type Preferences = Required<Schemas['PreferencesShape']>;

export type GuidelineImage = Schemas['ImageOut'];
export type GuidelineStructure = Schemas['GuidelineOutputChapter'];
/** Version 0 = none has been written; `structures` by key, only those that have something. */
export type Guideline = Schemas['GuidelineOutput'];

/** A version in the list: who wrote it, and what it changed (`structures` by key). */
export type GuidelineListed = Schemas['GuidelineVersionsListed'];
/** One version, and word by word what it changed in the one before. */
export type GuidelineVersion = Schemas['GuidelineVersionOutput'];
export type GuidelineChange = GuidelineVersion['changes'][number];

/** A lead's new version; `base_version` is the one that it changes (409 when there is a newer one). */
export interface GuidelineDraft {
  readonly base_version: number;
  readonly text: string;
  /** `images`: ids from `uploadGuidelineImage` or of the version before. */
  readonly structures: Readonly<
    Record<string, { readonly text: string; readonly images: readonly number[] }>
  >;
}

/** A place where a prediction deserves a look. */
export interface SuspiciousRegion {
  readonly kind: 'unsure' | 'piece' | 'gap' | 'jump' | 'missing' | 'volume';
  /** Where to look, a voxel (i, j, k); null where there is no place (a structure that was not drawn). */
  readonly centre_ijk: Triple | null;
  /** First and last voxel of its box, both inclusive. */
  readonly low: Triple | null;
  readonly high: Triple | null;
  readonly layer: number;
  /** Value of the structure; 0 where nothing is drawn near. */
  readonly structure: number;
  readonly volume_ml: number;
  /** 0 sure, 1 as unsure as a coin toss; null where it was not measured. */
  readonly uncertainty: number | null;
  /** For people: 'unsure where the oesophagus ends at its lower end, 1.9 mL'. */
  readonly reason: string;
}

export interface SuspiciousRegions {
  /** Most suspicious first. */
  readonly regions: readonly SuspiciousRegion[];
  /** Why there is nothing, or ''. */
  readonly sentence: string;
}

/** Uncertainty of a prediction, mean over cells of `factor` voxels; 255 = as unsure as a coin toss. */
export interface UncertaintyMap {
  readonly shape: Triple;
  /** Voxels per cell along i, j, k; the last cell of an axis may be cut off by the scan's edge. */
  readonly factor: Triple;
  /** i fastest. */
  readonly values: Uint8Array;
}

/** The case that *Next case* would give now; nothing is reserved. */
export interface Upcoming {
  readonly volume: VolumeInfo;
  readonly prediction_mask: MaskRef | null;
  readonly structures: readonly Structure[];
}
