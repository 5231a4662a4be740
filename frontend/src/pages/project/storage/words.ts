import type { Deletion, DeletionReason, FoundPatient, Storage } from '../../../api';
import { bytes } from '../adding/words';

export const REASONS: Readonly<Record<DeletionReason, string>> = {
  consent: 'Consent was withdrawn',
  request: 'The patient asked for it',
  period: 'The time for which it may be kept is over',
  mistake: 'It came in by mistake',
  study_ended: 'The study has ended',
};

export const KINDS = ['scans', 'models', 'exports', 'uploads'] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  scans: 'Scans',
  models: 'Models',
  exports: 'Exports',
  uploads: 'Uploads on their way',
};

export function total(storage: Storage): number {
  return KINDS.reduce((sum, kind) => sum + storage[kind], 0);
}

/** `4.2 GB of 10 GB`, or what is held where there is no limit. */
export function fill(storage: Storage): string {
  const held = bytes(total(storage));
  return storage.limit === null ? `${held}, no limit` : `${held} of ${bytes(storage.limit)}`;
}

/** Per cent of the limit, at most 100. */
export function share(storage: Storage): number {
  return storage.limit === null ? 0 : Math.min(100, (100 * total(storage)) / storage.limit);
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

export function numbers(of: readonly number[]): string {
  return of.length === 1 ? `Case ${of[0]}` : `Cases ${of.join(', ')}`;
}

/** What goes, a sentence each. */
export function goes(found: FoundPatient): string[] {
  const { counts, cases, exports } = found;
  const images = counts.scan_bytes > 0 ? ` (${bytes(counts.scan_bytes)})` : '';
  const lines = [
    `${numbers(cases.map(({ number }) => number))} with ${cases.length === 1 ? 'its image' : 'their images'}${images}.`,
    `${count(counts.reads, 'read')} with ${count(counts.revisions, 'revision')}, all pins, reviews and scores.`,
  ];
  if (exports.length > 0) {
    lines.push(
      `${count(exports.length, 'export')} with the patient (${bytes(counts.export_bytes)}), also what else is in ${exports.length === 1 ? 'it' : 'them'}.`,
    );
  }
  return lines;
}

/** What stays, and where a lead has to look. */
export function stays(found: FoundPatient): string[] {
  const { counts, models } = found;
  const lines: string[] = [];
  if (models.length > 0) {
    const versions = models.map(({ version }) => version).join(', ');
    lines.push(
      `${models.length === 1 ? 'Model' : 'Models'} ${versions} learned from the patient. ${models.length === 1 ? 'It is' : 'They are'} not deleted: train anew without, then retire ${models.length === 1 ? 'it' : 'them'}.`,
    );
  }
  if (counts.frozen_sets > 0) {
    lines.push(`A mark without data stays in ${count(counts.frozen_sets, 'frozen set')}.`);
  }
  if (counts.drawn_from > 0) {
    lines.push(
      `${count(counts.drawn_from, 'pre-annotation')} of other cases came from this patient's contours.`,
    );
  }
  if (counts.uploads > 0) {
    lines.push(
      `Not searched: ${count(counts.uploads, 'upload')} not imported yet. Remove those with the patient under Add cases; after three idle days they go by themselves.`,
    );
  }
  if (counts.pictures > 0) {
    lines.push(
      `Not searched: ${count(counts.pictures, 'picture')} of the guideline. Look through ${counts.pictures === 1 ? 'it' : 'them'} yourself.`,
    );
  }
  lines.push(
    'Backups hold the patient until they are removed; the operator knows when. After an older one is brought back, delete the patient again.',
    'What people downloaded is with them.',
  );
  return lines;
}

export function doneBy({ by }: Deletion): string {
  return by ?? 'the operator';
}
