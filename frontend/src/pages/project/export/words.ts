import type { Export, ExportFormat, ExportWhat } from '../../../api';
import { duration } from '../../words';
import { bytes } from '../adding/words';

export const FORMATS: Readonly<Record<ExportFormat, string>> = {
  nifti: 'NIfTI label maps',
  structures: 'NIfTI, one file per structure',
  nnunet: 'nnU-Net raw',
  decathlon: 'Medical Segmentation Decathlon',
  seg_nrrd: '3D Slicer (.seg.nrrd)',
  dicom_seg: 'DICOM SEG with a CT series',
  rtstruct: 'DICOM RTSTRUCT with a CT series',
  tables: 'Volumes and scores (CSV, Parquet)',
};

export const WHAT: Readonly<Record<ExportWhat, string>> = {
  accepted: 'Accepted delineations',
  reads: 'Every finished read',
  training: 'What a model was trained and tested on',
  predictions: 'What a model predicted',
};

/** Whether the selection is of one model, so that it needs its version. */
export function isOfModel(what: ExportWhat): boolean {
  return what === 'training' || what === 'predictions';
}

/** Whether a format names the series that a scan came from. */
export function canNameUids(form: ExportFormat): boolean {
  return form === 'dicom_seg' || form === 'rtstruct';
}

/** What a lead has to know before a file names the hospital's own series. */
export function goesBackWords(sealed: number): string {
  const scans = sealed === 1 ? '1 scan' : `${sealed} scans`;
  return `They are kept of ${scans}; others get a new series beside them. Send such a file to the hospital alone.`;
}

/** `Accepted delineations · 12 as nnU-Net raw · test · liver`. */
export function exportWords({ form, what, items, selection }: Export): string {
  const named = [...selection.splits, ...selection.readers, ...selection.structures];
  const model = selection.model === null ? [] : [`model ${selection.model}`];
  const uids = selection.original_uids ? ['original UIDs'] : [];
  const round = roundWords(selection.round);
  return [WHAT[what], `${items} as ${FORMATS[form]}`, ...uids, ...model, ...round, ...named].join(' · ');
}

function roundWords(round: number | null | undefined): readonly string[] {
  if (round === null || round === undefined) {
    return [];
  }
  return [round === 0 ? 'begun from no model' : `begun from model ${round}`];
}

/** Where an export is: how far with the time left, how large, or why there is none. */
export function stateWords({ job, bytes: size }: Export): string {
  switch (job.state) {
    case 'queued':
      return 'waits for a worker';
    case 'running':
      return runningWords(job.progress);
    case 'failed':
      return `failed. ${job.error}`;
    case 'cancelled':
      return 'cancelled';
    case 'succeeded':
      return size === null ? 'finished' : bytes(size);
  }
}

function runningWords({ done = 0, total = 0, seconds_left: left }: Export['job']['progress']): string {
  const far = total > 0 ? `${done} of ${total}` : 'begins';
  return left === null || left === undefined ? far : `${far}, about ${duration(left)} left`;
}

/** What a finished export says of what its format could not hold. */
export function notesOf({ job }: Export): readonly string[] {
  const { notes } = Object(job.result) as { notes?: unknown };
  return Array.isArray(notes) ? notes.filter((note) => typeof note === 'string') : [];
}
