import { NumberInput } from '@mantine/core';
import type { PlanFigures } from '../../../api';
import type { Field, Given } from './draft';
import classes from './Plan.module.css';

interface FieldAbout {
  readonly field: Field;
  readonly label: string;
  readonly about: string;
  /** Shares are shown in per cent. */
  readonly unit?: '%' | 'days' | 'reviews' | 'cases';
  readonly most: number;
  readonly least?: number;
}

const READ: readonly FieldAbout[] = [
  {
    field: 'calibration_cases',
    label: 'Calibration cases',
    about: 'that every reader reads first',
    unit: 'cases',
    most: 1000,
  },
  {
    field: 'scratch_share',
    label: 'Of these from nothing',
    about: 'shows how far predictions anchor',
    unit: '%',
    most: 100,
  },
  { field: 'double_share', label: 'Second reads', about: 'by another reader, blind', unit: '%', most: 100 },
  { field: 'gold_share', label: 'Gold cases', about: 'whose right answer is known', unit: '%', most: 100 },
  { field: 'repeat_share', label: 'Hidden repeats', about: 'by the same reader', unit: '%', most: 100 },
  {
    field: 'washout_days',
    label: 'Repeated after',
    about: 'at the earliest; 7 at least',
    unit: 'days',
    most: 3650,
    least: 1,
  },
];

const REVIEWED: readonly FieldAbout[] = [
  {
    field: 'review_share_first',
    label: 'Reviewed at first',
    about: 'of a new reader’s reads',
    unit: '%',
    most: 100,
  },
  { field: 'review_share_least', label: 'Falls to', about: 'when all is accepted', unit: '%', most: 100 },
  {
    field: 'review_window',
    label: 'Judged by the last',
    about: 'of that reader',
    unit: 'reviews',
    most: 1000,
    least: 1,
  },
];

interface PlanFieldsProps {
  readonly base: PlanFigures;
  readonly given: Given;
  readonly onChange: (changed: Given) => void;
}

export function PlanFields(props: PlanFieldsProps) {
  return (
    <>
      <fieldset className={classes.fields}>
        <legend>What is read for reliability</legend>
        {READ.map((about) => (
          <FieldInput key={about.field} about={about} {...props} />
        ))}
      </fieldset>
      <fieldset className={classes.fields} data-columns="3">
        <legend>What is reviewed</legend>
        {REVIEWED.map((about) => (
          <FieldInput key={about.field} about={about} {...props} />
        ))}
      </fieldset>
    </>
  );
}

function FieldInput({ about, base, given, onChange }: PlanFieldsProps & { readonly about: FieldAbout }) {
  const { field, label, unit, most, least = 0 } = about;
  const scale = unit === '%' ? 100 : 1;
  const value = given[field] ?? base[field];
  return (
    <NumberInput
      label={label}
      description={about.about}
      inputWrapperOrder={['label', 'description', 'input']}
      min={least}
      max={most}
      step={unit === '%' ? 5 : 1}
      decimalScale={unit === '%' ? 1 : 0}
      allowDecimal={unit === '%'}
      allowNegative={false}
      suffix={` ${unit}`}
      value={value === '' ? '' : Number((value * scale).toFixed(1))}
      onChange={(typed) => onChange({ [field]: typed === '' ? '' : Number(typed) / scale })}
    />
  );
}
