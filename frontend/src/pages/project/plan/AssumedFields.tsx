import { Button, NumberInput } from '@mantine/core';
import type { Assumed, PlanForecast } from '../../../api';
import classes from './Plan.module.css';

const FIELDS = [
  { field: 'cases', label: 'Cases to read', most: 1_000_000, digits: 0 },
  { field: 'readers', label: 'Annotators', most: 10_000, digits: 0 },
  { field: 'minutes', label: 'Minutes per read', most: 10_000, digits: 1 },
  { field: 'icc', label: 'ICC', most: 0.999, digits: 3 },
] as const;

interface AssumedFieldsProps {
  /** What the last forecast rested on. */
  readonly measured: PlanForecast['assumed'] | null;
  readonly assumed: Assumed;
  readonly onChange: (assumed: Assumed) => void;
}

/** What the forecast rests on: as it is in the project, or as it might be. */
export function AssumedFields({ measured, assumed, onChange }: AssumedFieldsProps) {
  return (
    <fieldset className={classes.rests}>
      <legend>What this rests on</legend>
      {FIELDS.map(({ field, label, most, digits }) => (
        <NumberInput
          key={field}
          size="xs"
          label={label}
          placeholder="as it is"
          min={0}
          max={most}
          decimalScale={digits}
          allowNegative={false}
          step={digits === 3 ? 0.05 : 1}
          value={assumed[field] ?? (measured === null ? '' : Number(measured[field].toFixed(digits)))}
          onChange={(value) => typeof value === 'number' && onChange({ ...assumed, [field]: value })}
        />
      ))}
      <Button
        size="compact-xs"
        variant="default"
        className={classes.asMeasured}
        disabled={Object.keys(assumed).length === 0}
        onClick={() => onChange({})}
      >
        As in the project
      </Button>
    </fieldset>
  );
}
