/** A saved recipe, taken over into a draft as far as it speaks of the labels at hand. */

import { type LabelDraft, LEFT_OUT, NOT_LOOKED_AT, type RecipeDraft } from './recipeDraft';
import { newRule, type RuleDraft } from './ruleDraft';

type Table = Readonly<Record<string, unknown>>;

/** Labels that it does not name stay as they are; rules and layers become its own. */
export function withRecipe(draft: RecipeDraft, content: unknown): RecipeDraft {
  const recipe = table(content);
  const annotated = strings(recipe.annotated);
  const taken = {
    ...draft,
    labels: draft.labels.map((label) => withTaken(label, recipe)),
    rules: list(recipe.rules).flatMap(ruleOf),
    layers: layersOf(recipe.layers),
  };
  return annotated.length === 0
    ? { ...taken, unticked: [] }
    : { ...taken, unticked: untickedBy(recipe, annotated) };
}

function withTaken(label: LabelDraft, recipe: Table): LabelDraft {
  const [named, name] =
    label.value === null ? [table(recipe.files), label.name] : [table(recipe.labels), String(label.value)];
  if (label.value !== null && list(recipe.ignored).includes(label.value)) {
    return { ...label, target: NOT_LOOKED_AT };
  }
  if (!(name in named)) {
    return label;
  }
  const key = named[name];
  return { ...label, target: typeof key === 'string' ? key : LEFT_OUT };
}

/** What comes out of it and is not among those that it annotates. */
function untickedBy(recipe: Table, annotated: readonly string[]): readonly string[] {
  const read = [...Object.values(table(recipe.labels)), ...Object.values(table(recipe.files))];
  const made = list(recipe.rules).flatMap((rule) =>
    ['into', 'left', 'right'].map((field) => table(rule)[field]),
  );
  const keys = [...read, ...made].filter((key): key is string => typeof key === 'string');
  return [...new Set(keys)].filter((key) => !annotated.includes(key));
}

function layersOf(given: unknown): Readonly<Record<string, number>> {
  const known = Object.entries(table(given)).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return Object.fromEntries(known);
}

/** Nothing for what is no rule. */
function ruleOf(given: unknown): readonly RuleDraft[] {
  const rule = table(given);
  const one = (field: string): string => (typeof rule[field] === 'string' ? rule[field] : '');
  switch (rule.rule) {
    case 'merge':
      return [{ ...newRule('merge'), many: strings(rule.from), into: one('into') }];
    case 'split': {
      const by = rule.by === 'midplane' ? 'midplane' : 'components';
      return [{ ...newRule('split'), one: one('from'), left: one('left'), right: one('right'), by }];
    }
    case 'contain':
      return [{ ...newRule('contain'), one: one('whole'), many: strings(rule.parts) }];
    case 'subtract':
      return [{ ...newRule('subtract'), one: one('from'), many: strings(rule.minus) }];
    case 'rename':
      return [{ ...newRule('rename'), one: one('from'), into: one('into') }];
    case 'drop':
      return [{ ...newRule('drop'), many: strings(rule.from) }];
    default:
      return [];
  }
}

function table(given: unknown): Table {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Table) : {};
}

function list(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}

function strings(given: unknown): readonly string[] {
  return list(given).filter((one) => typeof one === 'string');
}
