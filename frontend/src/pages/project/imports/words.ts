import type {
  Finding,
  ImportCounts,
  ImportKind,
  ImportReport,
  ImportRow,
  ImportSettings,
} from '../../../api';
import { duration } from '../../words';
import type { Tone } from './Tag';

/** From best to worst, as they stand above the table. */
export const KINDS: Readonly<Record<ImportKind, { readonly word: string; readonly tone: Tone }>> = {
  accepted: { word: 'accepted', tone: 'good' },
  warned: { word: 'with a warning', tone: 'warn' },
  split: { word: 'split', tone: 'warn' },
  resampled: { word: 'resampled', tone: 'warn' },
  skipped: { word: 'skipped', tone: 'quiet' },
  refused: { word: 'refused', tone: 'bad' },
};

export const STATES: Readonly<Record<ImportRow['state'], { readonly word: string; readonly tone: Tone }>> = {
  queued: { word: 'waits for a worker', tone: 'quiet' },
  running: { word: 'goes on', tone: 'busy' },
  succeeded: { word: 'finished', tone: 'good' },
  failed: { word: 'failed', tone: 'bad' },
  cancelled: { word: 'cancelled', tone: 'quiet' },
};

/** A series of which each stack became a case counts by itself. */
export function kindOf({ outcome, cause }: Finding): ImportKind {
  return cause === 'several_stacks' ? 'split' : outcome;
}

/** Why, in words; the server's sentence beside it says the rest. */
export const CAUSES: Readonly<Record<Finding['cause'], string>> = {
  regular: 'Nothing to remark',
  rounded_positions: 'Rounded positions',
  duplicates_dropped: 'Slices sent twice',
  several_stacks: 'Several stacks in one series',
  inverted_greys: 'Inverted greys',
  padding_in_tissue: 'Padding value in tissue',
  burned_in: 'Text burned into the pixels',
  anatomy: 'Labels do not lie as in people',
  spacing_unknown: 'Spacing not known',
  missing_slices: 'Missing slices',
  uneven_gaps: 'Uneven gaps',
  gantry_tilt: 'Gantry tilt',
  localiser: 'Localiser',
  secondary_capture: 'Secondary capture',
  report: 'Report or protocol',
  not_ct: 'Not a CT image',
  lone_slice: 'A single slice',
  already_there: 'Already in the project',
  duplicates_differ: 'Two slices at one place',
  shifted_slices: 'Shifted slices',
  mixed_sizes: 'Slices of different size',
  mixed_spacing: 'Different pixel spacing',
  mixed_orientation: 'Slices turned differently',
  too_few_slices: 'Too few slices',
  no_position: 'No position',
  no_pixel_spacing: 'No pixel spacing',
  no_pixels: 'No pixels',
  no_rescale: 'No rescale to HU',
  not_grey: 'Not a grey image',
  not_hu: 'Not in Hounsfield units',
  compression: 'Compression that cannot be read',
  damaged: 'Damaged file',
  detached: 'Voxels not in the file',
  archive: 'Zip that is not opened',
  too_large: 'Too large',
  labels: 'Labels without their scan or names',
  other_split: 'Patient is in another split',
  unusable: 'Cannot be used',
};

/** A cause that this page does not know yet stands in its own word. */
export function causeWords(cause: string): string {
  const known: Readonly<Record<string, string>> = CAUSES;
  const words = known[cause] ?? cause.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `512 × 512 × 90`; `0.7 × 0.7 × 2.5 mm` with a unit; a dash for nothing. */
export function timesWords(values: readonly number[] | null, unit = ''): string {
  if (values === null) {
    return '—';
  }
  const shown = values.map((value) => String(Number(value.toPrecision(4)))).join(' × ');
  return unit === '' ? shown : `${shown} ${unit}`;
}

/** `12 of 40, about 3 min left`. */
export function farWords({ done = 0, total = 0, seconds_left: left }: ImportRow['progress']): string {
  const far = total > 0 ? `${done} of ${total}` : 'begins';
  return left === null || left === undefined ? far : `${far}, about ${duration(left)} left`;
}

const STAGES: Readonly<Record<string, string>> = {
  starting: 'Starting',
  looking: 'Looking at the files',
  importing: 'Importing',
};

/** What is being done, and how far it is. */
export function progressWords(progress: ImportRow['progress']): string {
  const stage = progress.message || STAGES[progress.stage ?? ''] || 'Begins';
  return (progress.total ?? 0) > 0 ? `${stage}: ${farWords(progress)}` : stage;
}

/** `12 accepted, 1 refused`; what there is none of is not said. */
export function countWords(counts: ImportRow['counts']): string {
  if (counts === null) {
    return '—';
  }
  const kinds = Object.keys(KINDS) as ImportKind[];
  const said = kinds.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${KINDS[kind].word}`);
  return said.length === 0 ? 'nothing found' : said.join(', ');
}

const WAYS: Readonly<Record<ImportRow['way'], string>> = {
  upload: 'From a browser',
  folder: 'Folder on the server',
  command: 'Command on the server',
};

export function wayWords({ way }: Pick<ImportRow, 'way'>): string {
  return WAYS[way];
}

/** Those of one kind, and of them those that hold what was typed in any of their words. */
export function shownOf(
  findings: readonly Finding[],
  kind: ImportKind | null,
  typed: string,
): readonly Finding[] {
  const wanted = typed.trim().toLowerCase();
  return findings.filter(
    (finding) =>
      (kind === null || kindOf(finding) === kind) &&
      (wanted === '' ||
        [finding.source, causeWords(finding.cause), finding.message, ...finding.notes].some((text) =>
          text.toLowerCase().includes(wanted),
        )),
  );
}

/** All series and files, whatever became of them. */
export function totalOf(counts: ImportCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** What is shown of an import that has no whole report: it goes on, failed or was cancelled. */
export function untilNowWords({
  state,
  counts,
  findings,
}: Pick<ImportReport, 'state' | 'counts' | 'findings'>): string {
  if (state === 'succeeded') {
    return '';
  }
  const total = totalOf(counts);
  const far = state === 'running' || state === 'queued' ? 'Until now' : 'Before it ended';
  const newest =
    findings.length < total ? ` The newest ${findings.length} are shown; the downloads have all.` : '';
  return `${far}: ${countWords(counts)}.${newest}`;
}

/** What keeping original UIDs means, and of how many scans they are kept. */
export function keptWords({
  keeps_uids: keeps,
  sealed,
}: Pick<ImportSettings, 'keeps_uids' | 'sealed'>): string {
  const why =
    'They name a study of a patient. They are stored encrypted and leave only in DICOM SEG and RTSTRUCT exports that ask for them.';
  if (!keeps) {
    return `${why} Switch it on before you import.`;
  }
  return `${why} Kept of ${sealed === 1 ? '1 scan' : `${sealed} scans`}.`;
}
