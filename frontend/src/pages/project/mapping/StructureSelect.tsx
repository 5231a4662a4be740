import { type ComboboxItem, type ComboboxItemGroup, type ComboboxParsedItem, Select } from '@mantine/core';
import { useState } from 'react';
import type { LabelSeen } from '../../../api';
import { LEFT_OUT, NOT_LOOKED_AT, OPEN } from './recipeDraft';
import type { Names } from './useNames';

const NEW = '+';

interface StructureSelectProps {
  readonly label: string;
  /** The label stands in the table's head already. */
  readonly isLabelHidden?: boolean;
  /** A key, '' or a decision of `recipeDraft`. */
  readonly value: string;
  readonly names: Names;
  readonly likely?: LabelSeen['candidates'];
  /** What may be chosen beside structures. */
  readonly decisions?: readonly ComboboxItem[];
  readonly error: string;
  readonly onChoose: (value: string) => void;
}

/** A structure of the catalogue by any of its spellings, or a new one by its name. */
export function StructureSelect(props: StructureSelectProps) {
  const { label, isLabelHidden = false, value, names, error, onChoose } = props;
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState('');
  const choose = (chosen: string | null): void => {
    setProblem('');
    if (chosen?.startsWith(NEW) === true) {
      names.add(chosen.slice(NEW.length)).then(onChoose, (reason: Error) => setProblem(reason.message));
    } else if (chosen !== null) {
      onChoose(chosen);
    }
  };
  return (
    <Select
      {...(isLabelHidden ? { 'aria-label': label } : { label })}
      placeholder="type a name"
      searchable
      allowDeselect={false}
      data={choicesOf(props, typed)}
      filter={({ options, search }) => options.flatMap((option) => matching(option, search, names))}
      limit={60}
      nothingFoundMessage="Nothing is called that."
      comboboxProps={{ keepMounted: false }}
      value={value === OPEN || value === '' ? null : value}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={choose}
      error={problem || error || null}
    />
  );
}

function choicesOf(
  { value, names, likely = [], decisions = [] }: StructureSelectProps,
  typed: string,
): ComboboxItemGroup<ComboboxItem>[] {
  const keys = likely.map(({ key }) => key);
  const others = names.keys.filter((key) => !keys.includes(key));
  const known = new Set([...keys, ...others]);
  const own =
    value === '' || [OPEN, LEFT_OUT, NOT_LOOKED_AT].includes(value) || known.has(value) ? [] : [value];
  const item = (key: string) => ({ value: key, label: names.of(key) });
  return [
    { group: 'Likely', items: keys.map(item) },
    { group: 'Otherwise', items: [...decisions] },
    { group: 'Structures', items: [...own, ...others].map(item) },
    { group: 'Not in the catalogue', items: newItem(typed, names) },
  ].filter(({ items }) => items.length > 0);
}

function newItem(typed: string, names: Names): ComboboxItem[] {
  const name = typed.trim();
  const isKnown = name === '' || names.isName(name);
  return isKnown ? [] : [{ value: `${NEW}${name}`, label: `New structure “${name}”` }];
}

/** Groups with those of their items whose spellings hold all words. */
function matching(option: ComboboxParsedItem, search: string, names: Names): ComboboxParsedItem[] {
  if (!('group' in option)) {
    return [option];
  }
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const items = option.items.filter((item) => {
    const spellings = `${'label' in item ? item.label : item} ${names.spellings('value' in item ? item.value : '')}`;
    return words.every((word) => spellings.toLowerCase().includes(word));
  });
  return items.length === 0 ? [] : [{ ...option, items }];
}
