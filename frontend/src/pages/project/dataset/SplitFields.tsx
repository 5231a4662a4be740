import { Checkbox, MultiSelect, NativeSelect, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Dataset, Division } from '../../../api';
import classes from './dataset.module.css';
import { numbersOf } from './words';

interface SplitFieldsProps {
  readonly dataset: Dataset;
  readonly asked: Division;
  readonly onChange: (asked: Division) => void;
  /** Whether enough is said for a preview. */
  readonly onComplete: (isComplete: boolean) => void;
}

const METHODS = [
  { value: 'random', label: 'By lot' },
  { value: 'held_out', label: 'Hold out a site or scanner' },
  { value: 'chosen', label: 'Case by case' },
];
const WORDS = [
  { value: 'site', label: 'site' },
  { value: 'scanner', label: 'scanner' },
  { value: 'source', label: 'data set' },
];

export function SplitFields({ dataset, asked, onChange, onComplete }: SplitFieldsProps) {
  const given = { dataset, asked, onChange, onComplete };
  const choose = (method: string): void => {
    onChange({ ...asked, method: method as Division['method'], to_test: [], to_validation: [], cases: [] });
    onComplete(method === 'random');
  };
  return (
    <>
      <SegmentedControl aria-label="How" data={METHODS} value={asked.method} onChange={choose} />
      {asked.method === 'random' && <ByLot {...given} />}
      {asked.method === 'held_out' && <HeldOut {...given} />}
      {asked.method === 'chosen' && <CaseByCase {...given} />}
      <Checkbox
        size="xs"
        label="Delineations that began from a prediction may measure, too (a model is then measured by a model)"
        checked={asked.anchored}
        onChange={(event) => onChange({ ...asked, anchored: event.currentTarget.checked })}
      />
    </>
  );
}

function ByLot({ asked, onChange }: SplitFieldsProps) {
  const percent = (typed: number | string): number => Math.min(90, Math.max(0, Number(typed) || 0)) / 100;
  return (
    <div className={classes.fields}>
      <NumberInput
        label="Validation, %"
        w={120}
        min={0}
        max={90}
        value={Math.round(asked.validation * 100)}
        onChange={(typed) => onChange({ ...asked, validation: percent(typed) })}
      />
      <NumberInput
        label="Test, %"
        w={120}
        min={0}
        max={90}
        value={Math.round(asked.test * 100)}
        onChange={(typed) => onChange({ ...asked, test: percent(typed) })}
      />
      <NativeSelect
        label="Alike in every"
        value={asked.stratify}
        onChange={(event) =>
          onChange({ ...asked, stratify: event.currentTarget.value as Division['stratify'] })
        }
        data={[{ value: '', label: 'not asked for' }, ...WORDS]}
      />
      <NumberInput
        label="Seed"
        w={110}
        min={0}
        max={2_000_000_000}
        allowDecimal={false}
        value={asked.seed}
        onChange={(typed) => onChange({ ...asked, seed: Number(typed) || 0 })}
      />
      <Redraw asked={asked} onChange={onChange} />
    </div>
  );
}

function Redraw({ asked, onChange }: Pick<SplitFieldsProps, 'asked' | 'onChange'>) {
  return (
    <Checkbox
      size="xs"
      mb={8}
      label="Validation and test cases may return to the pool"
      checked={asked.redraw}
      onChange={(event) => onChange({ ...asked, redraw: event.currentTarget.checked })}
    />
  );
}

function HeldOut({ dataset, asked, onChange, onComplete }: SplitFieldsProps) {
  const words = dataset.groups.filter(({ what, word }) => what === asked.by && word !== '');
  const options = words.map(({ word, cases }) => ({ value: word, label: `${word} (${cases})` }));
  const change = (next: Division): void => {
    onChange(next);
    onComplete(next.to_test.length + next.to_validation.length > 0);
  };
  const free = (others: readonly string[]) => options.filter(({ value }) => !others.includes(value));
  return (
    <>
      <div className={classes.fields}>
        <NativeSelect
          label="Hold out by"
          value={asked.by}
          onChange={(event) =>
            change({
              ...asked,
              by: event.currentTarget.value as Division['by'],
              to_test: [],
              to_validation: [],
            })
          }
          data={WORDS}
        />
        <MultiSelect
          label="For the test"
          miw={260}
          searchable
          data={free(asked.to_validation)}
          value={[...asked.to_test]}
          onChange={(to_test) => change({ ...asked, to_test })}
        />
        <MultiSelect
          label="For validation"
          miw={260}
          searchable
          data={free(asked.to_test)}
          value={[...asked.to_validation]}
          onChange={(to_validation) => change({ ...asked, to_validation })}
        />
        <Redraw asked={asked} onChange={onChange} />
      </div>
      {words.length === 0 && (
        <p className={classes.quiet}>
          Of no case it is known.{' '}
          {asked.by === 'site' && 'Open a number above and set the site of its cases.'}
        </p>
      )}
    </>
  );
}

function CaseByCase({ asked, onChange, onComplete }: SplitFieldsProps) {
  const [typed, setTyped] = useState('');
  const numbers = numbersOf(typed);
  const change = (text: string): void => {
    const found = numbersOf(text) ?? [];
    setTyped(text);
    onChange({ ...asked, cases: [...found] });
    onComplete(found.length > 0);
  };
  return (
    <div className={classes.fields}>
      <TextInput
        label="Numbers of the cases"
        placeholder="3, 7-12"
        miw={300}
        value={typed}
        error={numbers === null ? 'Write numbers and ranges, such as 3, 7-12.' : undefined}
        onChange={(event) => change(event.currentTarget.value)}
      />
      <NativeSelect
        label="Move to"
        value={asked.to}
        onChange={(event) => onChange({ ...asked, to: event.currentTarget.value as Division['to'] })}
        data={['test', 'validation', 'pool']}
      />
    </div>
  );
}
