import { Button, Menu, MultiSelect, NativeSelect, Select } from '@mantine/core';
import classes from './mapping.module.css';
import { keysBefore, type RecipeDraft, withRule } from './recipeDraft';
import {
  FIELDS,
  KINDS,
  newRule,
  type Plane,
  problemOfRule,
  type RuleDraft,
  type RuleKind,
} from './ruleDraft';
import { StructureSelect } from './StructureSelect';
import type { Names } from './useNames';

interface RulesEditorProps {
  readonly draft: RecipeDraft;
  readonly names: Names;
  readonly isChecked: boolean;
  readonly onChange: (draft: RecipeDraft) => void;
}

/** What is made of the structures, in this order. */
export function RulesEditor({ draft, names, isChecked, onChange }: RulesEditorProps) {
  const add = (rule: RuleKind): void => onChange({ ...draft, rules: [...draft.rules, newRule(rule)] });
  const remove = (at: number): void => onChange({ ...draft, rules: draft.rules.filter((_, i) => i !== at) });
  return (
    <>
      <ol className={classes.rules} aria-label="Rules">
        {draft.rules.map((rule, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a rule is known by its place alone
          <li key={at} className={classes.rule}>
            <div className={classes.ruleHead}>
              <h3>
                {at + 1}. {KINDS[rule.rule]}
              </h3>
              <Button size="compact-xs" variant="subtle" onClick={() => remove(at)}>
                Remove rule {at + 1}
              </Button>
            </div>
            <RuleFields
              rule={rule}
              keys={keysBefore(draft, at)}
              names={names}
              isChecked={isChecked}
              onChange={(changed) => onChange(withRule(draft, at, changed))}
            />
          </li>
        ))}
      </ol>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button size="compact-sm" variant="default">
            Add a rule
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(KINDS) as RuleKind[]).map((kind) => (
            <Menu.Item key={kind} onClick={() => add(kind)}>
              {KINDS[kind]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

interface RuleFieldsProps {
  readonly rule: RuleDraft;
  /** What there is before this rule. */
  readonly keys: readonly string[];
  readonly names: Names;
  readonly isChecked: boolean;
  readonly onChange: (rule: RuleDraft) => void;
}

const PLANES: readonly { readonly value: Plane; readonly label: string }[] = [
  { value: 'components', label: 'where each connected part lies' },
  { value: 'midplane', label: 'the middle of the body, voxel by voxel' },
];

function RuleFields({ rule, keys, names, isChecked, onChange }: RuleFieldsProps) {
  const fields = FIELDS[rule.rule];
  const change = (changed: Partial<RuleDraft>): void => onChange({ ...rule, ...changed });
  const problem = problemOfRule(rule, keys, names.of);
  const isBegun = rule.one !== '' || rule.many.length > 0 || rule.into !== '';
  const choices = (chosen: readonly string[]) =>
    [...new Set([...keys, ...chosen])].map((key) => ({ value: key, label: names.of(key) }));
  return (
    <>
      <div className={classes.ruleFields}>
        {fields.one !== undefined && (
          <Select
            label={fields.one}
            searchable
            allowDeselect={false}
            data={choices(rule.one === '' ? [] : [rule.one])}
            value={rule.one === '' ? null : rule.one}
            onChange={(one) => change({ one: one ?? '' })}
          />
        )}
        {fields.many !== undefined && (
          <MultiSelect
            label={fields.many}
            searchable
            data={choices(rule.many)}
            value={[...rule.many]}
            onChange={(many) => change({ many })}
          />
        )}
        {(['into', 'left', 'right'] as const).map(
          (field) =>
            fields[field] !== undefined && (
              <StructureSelect
                key={field}
                label={fields[field]}
                value={rule[field]}
                names={names}
                error=""
                onChoose={(key) => change({ [field]: key })}
              />
            ),
        )}
        {fields.by !== undefined && (
          <NativeSelect
            label={fields.by}
            data={[...PLANES]}
            value={rule.by}
            onChange={(event) => change({ by: event.currentTarget.value as Plane })}
          />
        )}
      </div>
      {problem !== '' && (isChecked || isBegun) && (
        <p className={classes.problem} role={isChecked ? 'alert' : undefined}>
          {problem}
        </p>
      )}
    </>
  );
}
