/** Numbers and states in the words that a person reads; the same words everywhere. */

import type { CaseFilter, ErrorCode, Model, Verdict } from '../api';
import type { SaveState } from '../session';

const NO_BREAK = '\u202f';

export function strokes(count: number): string {
  return count === 1 ? '1 stroke' : `${count} strokes`;
}

export function caseLabel(number: number): string {
  return `CASE ${String(number).padStart(4, '0')}`;
}

/** Leads know the case; to readers each read has a name of its own. */
export function readLabel(alias: string, number: number | null | undefined): string {
  return number == null ? `CASE ${alias}` : caseLabel(number);
}

export function startLabel(start: 'scratch' | 'prediction' | 'revision', version: number | null): string {
  if (start === 'scratch') return 'from scratch';
  return version === null ? 'from a prediction' : `from model ${version}`;
}

/** `04:12`, or `1:04:12` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = String(Math.floor((whole % 3600) / 60)).padStart(2, '0');
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${minutes}:${rest}` : `${minutes}:${rest}`;
}

/** `40 s`, `6 min`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `347 066` of a whole number's digits. */
export function inThousands(digits: string | number): string {
  return String(digits).replace(/\B(?=(\d{3})+$)/g, NO_BREAK);
}

/** `1 512 mL`, `20.3 mL`, `0.34 mL`; a dash for nothing. */
/** A size in millilitres; in voxels where nobody knows how large a voxel is. */
export function sizeWords(volume_ml: number, voxel_ml: number, isMeasured: boolean): string {
  if (isMeasured || volume_ml <= 0) {
    return millilitres(volume_ml);
  }
  const voxels = Math.round(volume_ml / voxel_ml);
  return voxels === 1 ? '1 voxel' : `${inThousands(voxels)} voxels`;
}

export function millilitres(volume: number): string {
  if (volume <= 0) {
    return '—';
  }
  const digits = volume >= 100 ? 0 : volume >= 10 ? 1 : 2;
  const [whole = '', fraction] = volume.toFixed(digits).split('.');
  const grouped = inThousands(whole);
  return `${fraction === undefined ? grouped : `${grouped}.${fraction}`} mL`;
}

export function score(value: number | null | undefined): string {
  return value === null || value === undefined ? '—' : value.toFixed(3);
}

/** A real minus sign: figures in columns line up and nobody takes it for a hyphen. */
export function signed(value: number, digits = 1): string {
  return `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}`;
}

export function when(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

export const CASE_STATES: Readonly<Record<CaseFilter, string>> = {
  held: 'Held until a lead looks',
  waiting: 'Waiting for a prediction',
  ready: 'Ready to read',
  in_progress: 'In progress',
  in_review: 'In review',
  comparing: 'Comparing two reads',
  adjudication: 'To be adjudicated',
  returned: 'Returned',
  accepted: 'Accepted',
  test: 'Test',
};

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  accept: 'accepted',
  fix: 'accepted with a fix',
  return: 'returned',
};

/** What is wrong at a pin. */
export const ERROR_CODES: Readonly<Record<ErrorCode, string>> = {
  missing: 'Missing part',
  leak: 'Leak',
  level: 'Wrong level',
  swap: 'Left–right swap',
  boundary: 'Boundary',
  artefact: 'Artefact',
  other: 'Other',
};

export function codeWords(code: ErrorCode): string {
  return ERROR_CODES[code].toLowerCase();
}

export const MODEL_STATES: Readonly<Record<Model['state'], string>> = {
  candidate: 'Candidate',
  serving: 'Serving',
  retired: 'Retired',
  rejected: 'Not promoted',
};

/** Two or three words for the badge. */
export function saveBadge(state: SaveState): string {
  switch (state.kind) {
    case 'saved':
      return 'saved';
    case 'saving':
      return 'saving';
    case 'offline':
      return `offline · ${strokes(state.strokes)} kept`;
    case 'conflict':
      return `conflict · ${strokes(state.strokes)} kept`;
    case 'branched':
      return `branch · ${strokes(state.kept)} kept`;
    case 'signedOut':
      return `signed out · ${strokes(state.strokes)} kept`;
    case 'refused':
      return `not saved · ${strokes(state.strokes)} kept`;
  }
}

/** What happened, what was kept, what to do. */
export function saveSentence(state: SaveState): string {
  if (state.kind === 'saved') {
    return 'Everything you drew is saved.';
  }
  const yours = `Your ${strokes(state.strokes)}`;
  const isOne = state.strokes === 1;
  const kept = `${yours} ${isOne ? 'is' : 'are'} kept on this computer`;
  switch (state.kind) {
    case 'saving':
      return `${yours} ${isOne ? 'is' : 'are'} on the way to the server.`;
    case 'offline':
      return `${kept} and will be sent when the connection is back.`;
    case 'signedOut':
      return `${kept}. Sign in again and ${isOne ? 'it' : 'they'} will be sent.`;
    case 'conflict':
      return `This case was changed somewhere else since you opened it. ${kept} and will be kept by the server as a branch.`;
    case 'branched':
      return `This case went on without what you draw here. Your ${strokes(state.kept)} ${state.kept === 1 ? 'is' : 'are'} kept as a branch, and so is what you draw now.`;
    case 'refused':
      return `The server refused: ${state.detail} ${kept}.`;
  }
}
