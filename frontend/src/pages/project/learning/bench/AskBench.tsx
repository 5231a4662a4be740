import { Button, Checkbox, Group, NumberInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type Project, useAskBench, useLearningPolicy } from '../../../../api';
import { Notice } from '../../../shell/Notice';
import { duration } from '../../../words';
import { NETWORKS } from '../rounds/fields';
import classes from './bench.module.css';

const USUAL = ['plain_unet', 'resenc_unet'];
const LONGEST_MINUTES = 30 * 24 * 60;

interface AskBenchProps {
  readonly project: Project;
  readonly onEnd?: (() => void) | undefined;
}

/** Which networks, for how long, from which seed. */
export function AskBench({ project, onEnd }: AskBenchProps) {
  const policy = useLearningPolicy(project.id).data?.policy;
  const [networks, setNetworks] = useState<readonly string[]>(USUAL);
  const [minutes, setMinutes] = useState<number | null>(null);
  const [seed, setSeed] = useState(0);
  const ask = useAskBench(project.id);
  const budget = Math.max(10, Math.round(60 * (minutes ?? (policy?.training_budget_s ?? 300) / 60)));
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    ask.mutate({ networks, budget_s: budget, seed }, { onSuccess: () => onEnd?.() });
  };
  return (
    <form className={classes.ask} onSubmit={send} aria-label="Compare networks">
      <NetworkBoxes chosen={networks} onChange={setNetworks} />
      <Group align="flex-end" gap="sm">
        <NumberInput
          label="Minutes per network"
          w={170}
          min={0.2}
          max={LONGEST_MINUTES}
          decimalScale={1}
          value={minutes ?? Math.round(budget / 6) / 10}
          onChange={(value) => setMinutes(value === '' ? null : Number(value))}
        />
        <NumberInput
          label="Seed"
          w={100}
          min={0}
          max={2 ** 31 - 1}
          allowDecimal={false}
          value={seed}
          onChange={(value) => setSeed(Math.max(0, Number(value)))}
        />
        <Button type="submit" loading={ask.isPending} disabled={networks.length < 2}>
          Compare {networks.length < 2 ? '' : `${networks.length} `}networks
        </Button>
        {onEnd !== undefined && (
          <Button variant="default" onClick={onEnd}>
            Cancel
          </Button>
        )}
      </Group>
      <p className={classes.quiet}>{costWords(networks.length, budget)}</p>
      {ask.error !== null && <Notice tone="failed">{ask.error.message}</Notice>}
    </form>
  );
}

interface NetworkBoxesProps {
  readonly chosen: readonly string[];
  readonly onChange: (networks: readonly string[]) => void;
}

/** In the order of the list they are trained. */
function NetworkBoxes({ chosen, onChange }: NetworkBoxesProps) {
  const toggle = (values: readonly string[]): void =>
    onChange(NETWORKS.map(({ value }) => value).filter((value) => values.includes(value)));
  return (
    <Checkbox.Group label="Networks" value={[...chosen]} onChange={toggle}>
      <div className={classes.boxes}>
        {NETWORKS.map(({ value, label }) => (
          <Checkbox key={value} value={value} label={label} />
        ))}
      </div>
    </Checkbox.Group>
  );
}

function costWords(networks: number, budget: number): string {
  if (networks < 2) {
    return 'Choose at least two networks.';
  }
  return (
    `${networks} trainings of ${duration(budget)}: about ${duration(networks * budget)}, and scoring in between. ` +
    'What is accepted now is frozen and all of them learn from it, each from nothing. Trainings that the policy ' +
    'asks for take turns with them.'
  );
}
