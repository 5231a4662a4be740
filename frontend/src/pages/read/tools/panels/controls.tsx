import { NativeSelect, NumberInput, RangeSlider, SegmentedControl, Slider } from '@mantine/core';
import { type ReactNode, useId, useState } from 'react';
import type { HuRange } from '../../../../viewer';
import classes from './controls.module.css';

/** A word, and what it is about beside it. */
export function Line({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className={classes.line}>
      <span className={classes.label}>{label}</span>
      {children}
    </div>
  );
}

interface MeasureProps {
  readonly label: string;
  /** Empty for a plain number. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A slider for the hand and a field for the figure. */
export function Measure({ label, unit, min, max, step, value, onChange }: MeasureProps) {
  const called = unit === '' ? label : `${label}, ${unit}`;
  return (
    <Line label={label}>
      <Slider
        className={classes.slider ?? ''}
        size="xs"
        label={null}
        thumbLabel={called}
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={onChange}
      />
      <Figure label={called} unit={unit} min={min} max={max} step={step} value={value} onChange={onChange} />
    </Line>
  );
}

function Figure({ label, unit, min, max, step, value, onChange }: MeasureProps) {
  // While somebody types, `2.0` may still become `2.05`, so the field tells no number until it is left.
  const take = (typed: string): void => {
    const figure = Math.min(max, Math.max(min, Number.parseFloat(typed)));
    if (!Number.isNaN(figure) && figure !== value) onChange(figure);
  };
  return (
    <NumberInput
      className={classes.figure ?? ''}
      size="xs"
      hideControls
      aria-label={label}
      suffix={unit === '' ? '' : ` ${unit}`}
      min={min}
      max={max}
      step={step}
      value={value}
      onChange={(given) => typeof given === 'number' && onChange(given)}
      onBlur={(event) => take(event.currentTarget.value)}
    />
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly choices: Readonly<Record<T, string>>;
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** Two to four short choices side by side. */
export function Choice<T extends string>({ label, choices, value, onChange }: ChoiceProps<T>) {
  const data = Object.entries<string>(choices).map(([key, words]) => ({ value: key, label: words }));
  return (
    <Line label={label}>
      <SegmentedControl
        className={classes.choice ?? ''}
        size="xs"
        aria-label={label}
        data={data}
        value={value}
        onChange={(given) => onChange(given as T)}
      />
    </Line>
  );
}

interface SelectProps<T extends string> extends Omit<ChoiceProps<T>, 'choices'> {
  /** Those that are offered. */
  readonly choices: Readonly<Partial<Record<T, string>>>;
}

/** More choices, or long ones. */
export function Select<T extends string>({ label, choices, value, onChange }: SelectProps<T>) {
  const id = useId();
  const data = Object.entries<string | undefined>(choices).map(([key, words]) => ({
    value: key,
    label: words ?? key,
  }));
  return (
    <div className={classes.line}>
      <label className={classes.label} htmlFor={id}>
        {label}
      </label>
      <NativeSelect
        id={id}
        className={classes.choice ?? ''}
        size="xs"
        data={data}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      />
    </div>
  );
}

interface BoundsProps {
  readonly labels: readonly [string, string];
  readonly least: number;
  readonly most: number;
  readonly value: readonly [number, number];
  readonly onChange: (value: readonly [number, number]) => void;
}

/** Two whole figures of which the first is never above the second. */
export function Bounds({ labels, least, most, value: [low, high], onChange }: BoundsProps) {
  const limits = { least, most };
  return (
    <>
      <Bound
        {...limits}
        label={labels[0]}
        value={low}
        fits={(figure) => figure <= high}
        onChange={(figure) => onChange([figure, Math.max(figure, high)])}
      />
      <span>…</span>
      <Bound
        {...limits}
        label={labels[1]}
        value={high}
        fits={(figure) => figure >= low}
        onChange={(figure) => onChange([Math.min(low, figure), figure])}
      />
    </>
  );
}

interface BoundProps extends Pick<BoundsProps, 'least' | 'most'> {
  readonly label: string;
  readonly value: number;
  /** Whether the other figure may stay as it is. */
  readonly fits: (figure: number) => boolean;
  readonly onChange: (figure: number) => void;
}

/** While somebody types, `3` may still become `300`: a figure that would move the other one waits until it is done. */
function Bound({ label, least, most, value, fits, onChange }: BoundProps) {
  const [typed, setTyped] = useState<string | number | null>(null);
  const finish = (): void => {
    if (typeof typed === 'number' && typed !== value) onChange(typed);
    setTyped(null);
  };
  const take = (given: string | number): void => {
    setTyped(given);
    if (typeof given === 'number' && fits(given)) onChange(given);
  };
  return (
    <NumberInput
      className={classes.bound ?? ''}
      size="xs"
      hideControls
      allowDecimal={false}
      clampBehavior="strict"
      aria-label={label}
      min={least}
      max={most}
      value={typed ?? value}
      onChange={take}
      onBlur={finish}
      onKeyDown={(event) => event.key === 'Enter' && finish()}
    />
  );
}

export const LEAST_HU = -1024;
export const MOST_HU = 3071;

interface HuRangeControlProps {
  readonly label: string;
  readonly value: HuRange;
  readonly onChange: (value: HuRange) => void;
}

/** An inclusive range of HU: two figures, and a slider over the range of a CT. */
export function HuRangeControl({ label, value, onChange }: HuRangeControlProps) {
  const [low, high] = value;
  return (
    <>
      <Line label={label}>
        <Bounds
          labels={['Lowest HU', 'Highest HU']}
          least={-32768}
          most={32767}
          value={value}
          onChange={onChange}
        />
        <span className={classes.unit}>HU</span>
      </Line>
      <RangeSlider
        className={classes.range ?? ''}
        size="xs"
        label={null}
        thumbFromLabel="Lowest HU"
        thumbToLabel="Highest HU"
        min={LEAST_HU}
        max={MOST_HU}
        step={1}
        minRange={0}
        value={[Math.max(LEAST_HU, low), Math.min(MOST_HU, high)]}
        onChange={onChange}
      />
    </>
  );
}
