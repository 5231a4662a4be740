/** What a lead decides about incoming labels, and the recipe that it becomes. Nothing is guessed here. */

import type { LabelSeen } from '../../../api';
import { keysAt, problemOfRule, type RuleDraft, ruleContent, structuresAfter } from './ruleDraft';

/** A label that nobody has decided about. */
export const OPEN = '?';
export const LEFT_OUT = '-';
/** Of a value: voxels that nobody looked at. */
export const NOT_LOOKED_AT = '~';

export interface LabelDraft {
  /** '' = it has only a value. */
  readonly name: string;
  readonly value: number | null;
  /** Key of a structure, or one of the three above. */
  readonly target: string;
}

export interface RecipeDraft {
  readonly name: string;
  readonly isShared: boolean;
  readonly labels: readonly LabelDraft[];
  readonly rules: readonly RuleDraft[];
  /** By key; what is not in it lies on the first layer, or above what contains it. */
  readonly layers: Readonly<Record<string, number>>;
  /** Keys that the data set does not annotate. */
  readonly unticked: readonly string[];
  /** Names of structures that the catalogue lacks, by key. */
  readonly newNames: Readonly<Record<string, string>>;
  /** Number of the recipe as which it was saved; null = not yet. */
  readonly saved: number | null;
}

const CERTAIN = ['exact', 'synonym'];
const LAST_LAYER = 31;

/** What is certain is taken; what is merely alike waits for somebody to confirm it. */
export function draftOf(labels: readonly LabelSeen[]): RecipeDraft {
  return {
    name: '',
    isShared: false,
    labels: labels.map(({ name, value, candidates }) => ({
      name,
      value,
      target: firstTarget(name, value, candidates),
    })),
    rules: [],
    layers: {},
    unticked: [],
    newNames: {},
    saved: null,
  };
}

function firstTarget(name: string, value: number | null, candidates: LabelSeen['candidates']): string {
  if (value !== null && name.trim().toLowerCase() === 'ignore') {
    return NOT_LOOKED_AT;
  }
  const [likely] = candidates;
  return likely !== undefined && CERTAIN.includes(likely.how) ? likely.key : OPEN;
}

export function withTarget(draft: RecipeDraft, at: number, target: string): RecipeDraft {
  return { ...draft, labels: draft.labels.map((label, i) => (i === at ? { ...label, target } : label)) };
}

/** All that nobody has decided about. */
export function withoutOpen(draft: RecipeDraft): RecipeDraft {
  const labels = draft.labels.map((label) =>
    label.target === OPEN ? { ...label, target: LEFT_OUT } : label,
  );
  return { ...draft, labels };
}

export function withRule(draft: RecipeDraft, at: number, rule: RuleDraft): RecipeDraft {
  return { ...draft, rules: draft.rules.map((other, i) => (i === at ? rule : other)) };
}

export function withTicked(draft: RecipeDraft, key: string, isTicked: boolean): RecipeDraft {
  const others = draft.unticked.filter((other) => other !== key);
  return { ...draft, unticked: isTicked ? others : [...others, key] };
}

export function withLayer(draft: RecipeDraft, key: string, layer: number): RecipeDraft {
  const whole = Math.min(LAST_LAYER, Math.max(0, Math.round(layer)));
  return { ...draft, layers: { ...draft.layers, [key]: whole } };
}

export function isKey(target: string): boolean {
  return target !== OPEN && target !== LEFT_OUT && target !== NOT_LOOKED_AT;
}

/** Structures that labels stand for before any rule. */
export function readKeys({ labels }: RecipeDraft): readonly string[] {
  return [...new Set(labels.map(({ target }) => target).filter(isKey))];
}

/** Structures that there are before the rule at this place. */
export function keysBefore(draft: RecipeDraft, at: number): readonly string[] {
  return keysAt(draft.rules.slice(0, at), readKeys(draft));
}

/** Structures that come out. */
export function structuresOf(draft: RecipeDraft): readonly string[] {
  return structuresAfter(draft.rules, readKeys(draft));
}

export function isAnnotated({ unticked }: RecipeDraft, key: string): boolean {
  return !unticked.includes(key);
}

/** As it was set, else one above what contains it. */
export function layerOf({ layers, rules }: RecipeDraft, key: string): number {
  const within = (part: string, seen: readonly string[]): number => {
    const set = layers[part];
    if (set !== undefined || seen.includes(part)) {
      return set ?? 0;
    }
    const wholes = rules.filter(({ rule, many }) => rule === 'contain' && many.includes(part));
    return Math.max(0, ...wholes.map(({ one }) => 1 + within(one, [...seen, part])));
  };
  return Math.min(LAST_LAYER, within(key, []));
}

/** As names of files are compared: Parotid-Lt is Parotid_Lt. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, ' ')
    .trim();
}

/** One sentence beside the label, or ''. */
export function problemOfLabel({ labels }: RecipeDraft, at: number): string {
  const label = labels[at];
  if (label === undefined) {
    return '';
  }
  if (label.target === OPEN) {
    return 'Choose a structure, or leave it out.';
  }
  const other = labels.find(
    (one, i) =>
      i !== at &&
      one.target !== label.target &&
      (label.value === null
        ? one.value === null && plain(one.name) === plain(label.name)
        : one.value === label.value),
  );
  if (other === undefined) {
    return '';
  }
  return label.value === null
    ? `“${other.name}” counts as the same name; give both the same structure.`
    : `Value ${label.value} is “${other.name}” in other files; give both the same structure, or import these folders one by one.`;
}

/** One sentence, or ''. */
export function problemOfName({ name }: RecipeDraft): string {
  return name.trim() === '' ? 'Give the recipe a name.' : '';
}

/** One sentence on the structures that come out, or ''. */
export function problemOfStructures(draft: RecipeDraft, say: (key: string) => string = (key) => key): string {
  const keys = structuresOf(draft);
  if (keys.length === 0) {
    return 'No structure comes out; give at least one label a structure.';
  }
  if (!keys.some((key) => isAnnotated(draft, key))) {
    return 'Nothing is annotated; tick at least one structure.';
  }
  const clash = draft.rules
    .filter(({ rule, one }) => rule === 'contain' && keys.includes(one))
    .flatMap(({ one, many }) =>
      many.filter((part) => keys.includes(part)).map((part) => [one, part] as const),
    )
    .find(([whole, part]) => layerOf(draft, whole) === layerOf(draft, part));
  return clash === undefined
    ? ''
    : `${say(clash[1])} lies in ${say(clash[0])}, so they need two layers; give one of them another layer.`;
}

/** How many places want a decision before the recipe can be saved. */
export function openPlaces(draft: RecipeDraft): number {
  const labels = draft.labels.filter((_, at) => problemOfLabel(draft, at) !== '').length;
  const rules = draft.rules.filter((rule, at) => problemOfRule(rule, keysBefore(draft, at)) !== '').length;
  const others = [problemOfName(draft), problemOfStructures(draft)].filter((one) => one !== '').length;
  return labels + rules + others;
}

/** `Odd names 2` → `odd_names_2`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 80);
  return slug === '' ? 'recipe' : slug.replace(/_+$/, '');
}

/** The recipe as the server reads it. */
export function contentOf(draft: RecipeDraft): Readonly<Record<string, unknown>> {
  const chosen = draft.labels.filter(({ target }) => target !== NOT_LOOKED_AT);
  const keyOf = ({ target }: LabelDraft): string | null => (isKey(target) ? target : null);
  const ofValues = chosen.filter(({ value }) => value !== null);
  const ofNames = chosen.filter(({ value }) => value === null);
  const ignored = draft.labels.flatMap(({ value, target }) =>
    target === NOT_LOOKED_AT && value !== null ? [value] : [],
  );
  const keys = structuresOf(draft);
  const layers = keys.map((key) => [key, layerOf(draft, key)] as const).filter(([, layer]) => layer > 0);
  const ticked = keys.filter((key) => isAnnotated(draft, key));
  return {
    format: 1,
    key: slugOf(draft.name),
    title: draft.name.trim(),
    form: ofValues.length > 0 || ignored.length > 0 ? 'label_map' : 'masks',
    labels: Object.fromEntries(ofValues.map((label) => [String(label.value), keyOf(label)])),
    files: Object.fromEntries(ofNames.map((label) => [label.name, keyOf(label)])),
    ignored: [...new Set(ignored)],
    rules: draft.rules.map(ruleContent),
    annotated: ticked.length === keys.length ? [] : ticked,
    layers: Object.fromEntries(layers),
  };
}

/** What the recipe brings and a project with structures lacks: it would be left out. */
export function missingIn(keys: readonly string[], draft: RecipeDraft): readonly string[] {
  return keys.length === 0 ? [] : structuresOf(draft).filter((key) => !keys.includes(key));
}

const keptKey = (look: number): string => `delineate.mapping.${look}`;

/** What was decided before a reload, if it is about the same labels. */
export function keptDraft(storage: Storage, look: number, fresh: RecipeDraft): RecipeDraft {
  try {
    const kept = JSON.parse(storage.getItem(keptKey(look)) ?? 'null') as RecipeDraft | null;
    const names = (draft: RecipeDraft): string =>
      JSON.stringify(draft.labels.map((one) => [one.name, one.value]));
    return kept !== null && names(kept) === names(fresh) ? { ...fresh, ...kept } : fresh;
  } catch {
    return fresh;
  }
}

export function keepDraft(storage: Storage, look: number, draft: RecipeDraft): void {
  try {
    storage.setItem(keptKey(look), JSON.stringify(draft));
  } catch {
    // A full or forbidden storage: the decisions then last as long as the page.
  }
}
