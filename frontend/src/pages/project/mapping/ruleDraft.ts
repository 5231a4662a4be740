/** Rules of a recipe while somebody writes them: what each takes and makes, and what is wrong with it. */

export type RuleKind = 'merge' | 'split' | 'contain' | 'subtract' | 'rename' | 'drop';
export type Plane = 'components' | 'midplane';

/** `one` and `many` are what it takes, the rest what it makes; a kind uses some of them (see FIELDS). */
export interface RuleDraft {
  readonly rule: RuleKind;
  readonly one: string;
  readonly many: readonly string[];
  readonly into: string;
  readonly left: string;
  readonly right: string;
  readonly by: Plane;
}

export const KINDS: Readonly<Record<RuleKind, string>> = {
  merge: 'Merge several into one',
  split: 'Split by side',
  contain: 'An organ contains its parts',
  subtract: 'Take others out of one',
  rename: 'Call it something else',
  drop: 'Leave out',
};

/** What each kind asks for, and how it is called there. */
export const FIELDS: Readonly<
  Record<RuleKind, Readonly<Partial<Record<'one' | 'many' | 'into' | 'left' | 'right' | 'by', string>>>>
> = {
  merge: { many: 'From', into: 'Into' },
  split: { one: 'Structure', left: 'Left part', right: 'Right part', by: 'Decided by' },
  contain: { one: 'Organ', many: 'Parts, such as its tumour' },
  subtract: { one: 'Structure', many: 'Loses the voxels of' },
  rename: { one: 'Structure', into: 'Is now' },
  drop: { many: 'Structures' },
};

export function newRule(rule: RuleKind): RuleDraft {
  return { rule, one: '', many: [], into: '', left: '', right: '', by: 'components' };
}

export function takes({ rule, one, many }: RuleDraft): readonly string[] {
  const fields = FIELDS[rule];
  return [
    ...(fields.one === undefined || one === '' ? [] : [one]),
    ...(fields.many === undefined ? [] : many),
  ];
}

export function makes({ rule, into, left, right }: RuleDraft): readonly string[] {
  const made = rule === 'merge' || rule === 'rename' ? [into] : rule === 'split' ? [left, right] : [];
  return made.filter((key) => key !== '');
}

/** The keys that there are after a rule, new ones where the first of what it consumed was. */
function outcome(rule: RuleDraft, keys: readonly string[]): readonly string[] {
  const gone = rule.rule === 'contain' || rule.rule === 'subtract' ? [] : takes(rule);
  const after = keys.flatMap((key) => (gone.includes(key) ? makes(rule) : [key]));
  return [...new Set(after)];
}

/** The keys that there are after some rules. */
export function keysAt(rules: readonly RuleDraft[], keys: readonly string[]): readonly string[] {
  return rules.reduce((there, rule) => outcome(rule, there), keys);
}

export const structuresAfter = keysAt;

/** One sentence beside the rule, or ''; `keys` are those that there are before it, `say` gives their names. */
export function problemOfRule(
  rule: RuleDraft,
  keys: readonly string[],
  say: (key: string) => string = (key) => key,
): string {
  const fields = FIELDS[rule.rule];
  for (const field of ['one', 'many', 'into', 'left', 'right'] as const) {
    if (fields[field] !== undefined && rule[field].length === 0) {
      return `Choose what stands under “${fields[field]}”.`;
    }
  }
  const taken = takes(rule);
  const missing = taken.find((key) => !keys.includes(key));
  if (missing !== undefined) {
    return `${say(missing)} is not there at this point; check the order of the rules.`;
  }
  if (rule.rule === 'merge' && rule.many.length < 2) {
    return 'Choose at least two structures to merge.';
  }
  const made = makes(rule);
  const named = [...(rule.rule === 'merge' || rule.rule === 'drop' ? [] : taken), ...made];
  if (new Set(named).size !== named.length) {
    return 'Name each structure once.';
  }
  const standing = made.find((key) => keys.includes(key) && !taken.includes(key));
  return standing === undefined ? '' : `${say(standing)} is there already; merge the two instead.`;
}

/** The rule as the server reads it. */
export function ruleContent({ rule, one, many, into, left, right, by }: RuleDraft): unknown {
  switch (rule) {
    case 'merge':
      return { rule, from: many, into };
    case 'split':
      return { rule, from: one, left, right, by };
    case 'contain':
      return { rule, whole: one, parts: many };
    case 'subtract':
      return { rule, from: one, minus: many };
    case 'rename':
      return { rule, from: one, into };
    case 'drop':
      return { rule, from: many };
  }
}
