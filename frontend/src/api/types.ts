/** What the server says, in its own names. The one file that knows the shapes of the HTTP API. */

export type Role = 'annotator' | 'reviewer' | 'lead';

export interface ProjectRef {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

export interface Me {
  readonly username: string;
  readonly name: string;
  readonly projects: readonly ProjectRef[];
}

export interface Structure {
  readonly key: string;
  readonly name: string;
  readonly layer: number;
  readonly value: number;
  /** `#rrggbb` */
  readonly colour: string;
  readonly tolerance_mm: number;
  readonly side: string;
}

export type CaseState = 'waiting' | 'ready' | 'in_progress' | 'in_review' | 'returned' | 'accepted' | 'test';

export interface StructureScores {
  readonly dice: number | null;
  readonly surface_dice: number | null;
  readonly n: number;
}

export interface Model {
  readonly id: number;
  readonly version: number;
  readonly state: 'candidate' | 'serving' | 'retired' | 'rejected';
  readonly created_at: string;
  readonly mean_dice: number | null;
  readonly scores: Readonly<Record<string, StructureScores>>;
  readonly train_cases: number;
  readonly gate: { readonly decision: string; readonly sentence: string } | null;
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface JobProgress {
  readonly stage?: string;
  readonly done?: number;
  readonly total?: number;
  readonly message?: string;
  readonly seconds_left?: number | null;
  readonly values?: Readonly<Record<string, number>>;
}

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly state: JobState;
  readonly attempts: number;
  readonly progress: JobProgress;
  readonly error: string;
  readonly result: unknown;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

export interface Project {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly guideline: string;
  readonly retrain_after: number;
  readonly accepted_since_last_run: number;
  readonly case_counts: Readonly<Record<CaseState, number>>;
  readonly structures: readonly Structure[];
  readonly models: readonly Model[];
  readonly job: Job | null;
  readonly predictions_pending: number;
}

export interface CaseRow {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly split: 'pool' | 'validation' | 'test';
  readonly state: CaseState;
  readonly reader: string | null;
  readonly updated_at: string;
  readonly prediction_version: number | null;
}

export interface Page<Row> {
  readonly count: number;
  readonly results: readonly Row[];
}

export type AssignmentRole = 'annotate' | 'review';
export type AssignmentState = 'open' | 'submitted' | 'returned' | 'done' | 'released';
export type Verdict = 'accept' | 'fix' | 'return';

export interface AssignmentSummary {
  readonly id: number;
  readonly case_number: number;
  readonly case_name: string;
  readonly role: AssignmentRole;
  readonly state: AssignmentState;
  readonly purpose: string;
  readonly model_version: number | null;
  readonly updated_at: string;
  readonly active_seconds: number;
}

export interface Worklist {
  readonly next: {
    readonly available: boolean;
    readonly waiting: number;
    readonly model_version: number | null;
    readonly median_seconds: number | null;
  };
  readonly returned: readonly (AssignmentSummary & { readonly comment: string })[];
  readonly in_progress: readonly AssignmentSummary[];
  readonly recent: readonly (AssignmentSummary & { readonly verdict: Verdict | null })[];
  readonly reviews: { readonly waiting: number; readonly in_progress: readonly AssignmentSummary[] };
}

export interface NextCase {
  readonly assignment: number | null;
  readonly detail: string;
}

export type Triple = readonly [number, number, number];

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

export interface MaskRef {
  readonly id: number;
  readonly head: number;
}

export interface ReviewComment {
  readonly verdict: Verdict;
  readonly comment: string;
  readonly at: string;
}

export interface Assignment {
  readonly id: number;
  readonly role: AssignmentRole;
  readonly state: AssignmentState;
  readonly purpose: string;
  readonly project: { readonly id: number; readonly name: string };
  readonly case: { readonly id: number; readonly number: number; readonly name: string };
  readonly volume: VolumeInfo;
  readonly structures: readonly Structure[];
  readonly model_version: number | null;
  readonly mask: MaskRef;
  readonly prediction_mask: MaskRef | null;
  readonly subject: { readonly mask: MaskRef } | null;
  readonly comments: readonly ReviewComment[];
  readonly active_seconds: number;
  readonly editable: boolean;
  readonly lease_until: string | null;
}

export interface EditEvent {
  readonly tool: string;
  readonly structure: number;
  readonly layer: number;
  readonly added: number;
  readonly removed: number;
}

export interface RevisionMeta {
  readonly base_revision: number;
  readonly key: string;
  readonly session: number | null;
  readonly events: readonly EditEvent[];
}

export interface SavedRevision {
  readonly revision: number;
  readonly sha256: string;
  readonly active_seconds: number;
}

export interface Ping {
  readonly active_seconds: number;
  readonly lease_until: string | null;
}

export interface VerdictAnswer {
  readonly state: string;
  readonly verdict: Verdict;
}
