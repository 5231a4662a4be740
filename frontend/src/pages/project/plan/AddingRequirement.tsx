import { Anchor, Button, NativeSelect, NumberInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type Project, type Requirement, useRows } from '../../../api';
import classes from './Plan.module.css';
import { isSameRequirement } from './required';
import { type Asked, type Suggestion, suggested } from './suggested';
import { COMPARATORS, isDistance, METRICS } from './words';

const METRIC_CHOICES = Object.entries(METRICS).map(([value, label]) => ({ value, label }));
const COMPARATOR_CHOICES = Object.entries(COMPARATORS).map(([value, label]) => ({ value, label }));
const FIRST: Asked = { structure: '', metric: 'dice', comparator: 'inter' };

interface Props {
  readonly project: Project;
  readonly rows: readonly Requirement[];
  readonly isPending: boolean;
  readonly onAdd: (added: Requirement) => void;
}

/** A requirement to come: its threshold begins at the band of the structure. */
export function AddingRequirement({ project, rows, isPending, onAdd }: Props) {
  const [asked, setAsked] = useState(FIRST);
  // null = not touched: what stands, or what the band says. Text = not a number yet, such as `0.` or nothing.
  const [typed, setTyped] = useState<number | string | null>(null);
  const suggestion = useSuggestion(project, asked);
  const standing = rows.find((row) => isSameRequirement(row, asked));
  const shown = typed ?? standing?.threshold ?? suggestion.threshold ?? '';
  const threshold = numberOf(shown);
  const set = (changed: Partial<Asked>): void => {
    setAsked({ ...asked, ...changed });
    setTyped(null);
  };
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (threshold !== null) {
      onAdd({ ...asked, threshold });
      setTyped(null);
    }
  };
  const structures = [
    { value: '', label: 'All structures' },
    ...project.structures.map(({ key, name }) => ({ value: key, label: name })),
  ];
  return (
    <form onSubmit={send}>
      <div className={classes.adding}>
        <NativeSelect
          className={classes.middle}
          label="Structure"
          data={structures}
          value={asked.structure}
          onChange={(event) => set({ structure: event.currentTarget.value })}
        />
        <NativeSelect
          className={classes.middle}
          label="Metric"
          data={METRIC_CHOICES}
          value={asked.metric}
          onChange={(event) => set({ metric: event.currentTarget.value as Requirement['metric'] })}
        />
        <Threshold metric={asked.metric} value={shown} onChange={setTyped} />
        <NativeSelect
          className={classes.middle}
          label="Against"
          data={COMPARATOR_CHOICES}
          value={asked.comparator}
          onChange={(event) => set({ comparator: event.currentTarget.value as Requirement['comparator'] })}
        />
        <Button
          type="submit"
          variant="default"
          loading={isPending}
          disabled={threshold === null || standing?.threshold === threshold}
        >
          {standing === undefined ? 'Require it' : 'Change it'}
        </Button>
      </div>
      <p className={classes.hint} role="status">
        {suggestion.words}{' '}
        {suggestion.address !== null && (
          <Anchor href={suggestion.address} target="_blank" rel="noreferrer" inherit>
            The study
          </Anchor>
        )}
      </p>
    </form>
  );
}

/** From the bands that the dashboards show; without them there is nothing to begin with. */
function useSuggestion(project: Project, asked: Asked): Suggestion {
  const { structure, metric } = asked;
  const query = structure === '' || metric === 'assd_mm' ? null : { structure, metric };
  const marks = useRows(project.id, 'agreement', query);
  const published = useRows(project.id, 'published');
  const name = project.structures.find(({ key }) => key === structure)?.name ?? structure;
  const isWaiting =
    structure !== '' &&
    (published.data === undefined ||
      (query !== null && (marks.data === undefined || marks.isPlaceholderData)));
  const error = marks.error ?? published.error;
  if (isWaiting && error !== null) {
    return nothing(`The bands could not be loaded (${error.message}): type a threshold.`);
  }
  return isWaiting
    ? nothing('Looking for the band of this structure…')
    : suggested(asked, { own: marks.data ?? [], published: published.data ?? [] }, name);
}

const nothing = (words: string): Suggestion => ({ threshold: null, words, address: null });

function numberOf(given: number | string): number | null {
  const value = typeof given === 'number' ? given : Number.parseFloat(given);
  return Number.isFinite(value) ? value : null;
}

interface ThresholdProps {
  readonly metric: Requirement['metric'];
  readonly value: number | string;
  readonly onChange: (threshold: number | string) => void;
}

function Threshold({ metric, value, onChange }: ThresholdProps) {
  const isInMm = isDistance(metric);
  return (
    <NumberInput
      className={classes.narrow}
      label={isInMm ? 'At most' : 'At least'}
      min={0}
      max={isInMm ? 1000 : 1}
      step={isInMm ? 0.5 : 0.01}
      decimalScale={3}
      suffix={isInMm ? ' mm' : ''}
      value={value}
      onChange={onChange}
    />
  );
}
