/** The structure list by body region, so that 104 structures can be found by where they are. */
import type { Structure } from '../../../api';

/** In the order of the list. The first rule that fits a key of the catalogue decides. */
const REGIONS = [
  'Head and neck',
  'Chest',
  'Abdomen',
  'Pelvis',
  'Vessels',
  'Spine',
  'Ribs and sternum',
  'Bones',
  'Muscles',
  'Other',
] as const;

export type Region = (typeof REGIONS)[number];

const RULES: readonly (readonly [RegExp, Region])[] = [
  [/gluteus|autochthon|iliopsoas|muscle/, 'Muscles'],
  [/^ribs?(_|$)|sternum|costal/, 'Ribs and sternum'],
  [/vertebra|sacrum|intervertebral|spinal/, 'Spine'],
  [/^hepatic|^liver/, 'Abdomen'],
  [/aorta|vena|vein|artery|trunk|vessel/, 'Vessels'],
  [/^brain|mandible|skull|face|larynx|pharyn|cochlea|lacrimal|lens|optic|chiasm|pituitary/, 'Head and neck'],
  [/orbit|eye|parotid|submandibular|thyroid|oral|lips?(_|$)|tongue|tonsil/, 'Head and neck'],
  [/bone|humerus|scapula|clavicula|femur|^hip(_|$)|tibia|fibula|patella/, 'Bones'],
  [/lung|trachea|o?esophagus|heart|atrial|bronch|breast|thymus|pericard/, 'Chest'],
  [/urinary_bladder|^bladder|prostate|uterus|rectum|seminal|ovary|vagina|cervix/, 'Pelvis'],
  [/spleen|pancreas|gallbladder|stomach|duodenum|bowel|intestine|colon/, 'Abdomen'],
  [/kidney|adrenal|abdominal|ureter|peritone/, 'Abdomen'],
];

/** Up to so many structures stand together without headings. */
const PLAIN_LIST = 12;

export interface StructureGroup {
  /** Null for a list without headings. */
  readonly region: Region | null;
  readonly structures: readonly Structure[];
}

export function regionOf(key: string): Region {
  return RULES.find(([pattern]) => pattern.test(key))?.[1] ?? 'Other';
}

export function inDisplayOrder(structures: readonly Structure[]): readonly Structure[] {
  return groupsOf(structures).flatMap((group) => group.structures);
}

export function groupsOf(structures: readonly Structure[]): readonly StructureGroup[] {
  if (structures.length <= PLAIN_LIST) {
    return [{ region: null, structures }];
  }
  return REGIONS.flatMap((region) => {
    const members = structures.filter(({ key }) => regionOf(key) === region);
    return members.length === 0 ? [] : [{ region, structures: members }];
  });
}

/** `Kidney (left)` and `Left kidney` without the side, where the structure has one and the name says it. */
export function withoutSide(name: string, side: string): string {
  if (side !== 'left' && side !== 'right') {
    return name;
  }
  const short = name.replace(new RegExp(`\\s*\\(${side}\\)$|^${side}\\s+`, 'i'), '');
  return short === '' ? name : short.charAt(0).toUpperCase() + short.slice(1);
}

/** Which structures the list shows. */
export const LIST_FILTERS = { all: 'All', drawn: 'Drawn', unfinished: 'Unfinished' } as const;
export type ListFilter = keyof typeof LIST_FILTERS;

export function passes(filter: ListFilter, structure: Structure, progress: Progress): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'drawn':
      return progress.isDrawn(structure);
    case 'unfinished':
      return isUnfinished(structure, progress);
  }
}

/** Every word of the search stands somewhere in the name, the key or the side. */
export function matching(structures: readonly Structure[], search: string): readonly Structure[] {
  const words = search.trim().toLowerCase().split(/\s+/);
  return structures.filter(({ name, key, side }) => {
    const text = `${name} ${key} ${side} ${regionOf(key)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface HeadingRow {
  readonly kind: 'heading';
  readonly region: Region;
  readonly structures: readonly Structure[];
  readonly isFolded: boolean;
}

export interface StructureRow {
  readonly kind: 'structure';
  readonly structure: Structure;
}

/** What the list shows, row by row. While something is searched for, nothing stays folded away. */
export function rowsOf(
  structures: readonly Structure[],
  search: string,
  folded: ReadonlySet<Region>,
): readonly (HeadingRow | StructureRow)[] {
  const isSearch = search.trim() !== '';
  const found = new Set(matching(structures, search));
  return groupsOf(structures).flatMap(({ region, structures: members }) => {
    const shown = members.filter((structure) => found.has(structure));
    const rows = shown.map((structure): StructureRow => ({ kind: 'structure', structure }));
    if (region === null || shown.length === 0) {
      return rows;
    }
    const isFolded = !isSearch && folded.has(region);
    const heading: HeadingRow = { kind: 'heading', region, structures: members, isFolded };
    return isFolded ? [heading] : [heading, ...rows];
  });
}

/** Drawn and looked at all over, as far as the page can know. */
export interface Progress {
  readonly isDrawn: (structure: Structure) => boolean;
  /** 0 to 1; null where there is nothing to look at. */
  readonly lookedShare: (structure: Structure) => number | null;
}

/** The next structure after the active one that is empty or was not looked at everywhere; goes round. */
export function nextUnfinished(
  structures: readonly Structure[],
  active: Structure | null,
  progress: Progress,
): Structure | undefined {
  const at = structures.findIndex(({ key }) => key === active?.key);
  const order = [...structures.slice(at + 1), ...structures.slice(0, at + 1)];
  return order.find((structure) => isUnfinished(structure, progress));
}

function isUnfinished(structure: Structure, { isDrawn, lookedShare }: Progress): boolean {
  return !isDrawn(structure) || (lookedShare(structure) ?? 1) < 1;
}
