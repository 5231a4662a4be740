import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { type Assumed, type PlanFigures, useKeepPlan, usePlan, usePlanForecast } from '../../../api';
import { Notice } from '../../shell/Notice';
import { changes, draftOf, type Given, isSame } from './draft';
import { ForecastCard } from './ForecastCard';
import classes from './Plan.module.css';
import { PlanFields } from './PlanFields';
import { Section } from './Section';

const TYPING_MS = 350;

/** The figures of the plan, and beside them what they will cost and give. */
export function PlanForm({ project }: { readonly project: number }) {
  const plan = usePlan(project);
  const kept = plan.data?.plan ?? null;
  return (
    <Section
      title="Reliability plan"
      lead={
        plan.data !== undefined && kept === null
          ? 'There is no plan yet: every case is read once and every read is reviewed, so agreement cannot be told. Below is what a study usually reads.'
          : 'What is read on top of one read per case. Annotators alone take part, and are not told which read is what.'
      }
      asked={plan}
    >
      {(data) => <Editor project={project} kept={data.plan} base={data.plan ?? data.usual} />}
    </Section>
  );
}

interface EditorProps {
  readonly project: number;
  /** Null = the project has no plan. */
  readonly kept: PlanFigures | null;
  readonly base: PlanFigures;
}

function Editor({ project, kept, base }: EditorProps) {
  const [given, setGiven] = useState<Given>({});
  const [assumed, setAssumed] = useState<Assumed>({});
  const keep = useKeepPlan(project);
  // The same object as long as nothing changes: what is asked for the forecast waits for it to settle.
  const draft = useMemo(() => draftOf(base, given), [base, given]);
  const [settled] = useDebouncedValue(draft, TYPING_MS);
  const [rests] = useDebouncedValue(assumed, TYPING_MS);
  const forecast = usePlanForecast(project, settled, rests);
  const isChanged = kept === null || draft === null || !isSame(kept, draft);
  const isTouched = Object.keys(given).length > 0 && (draft === null || !isSame(base, draft));
  const discard = (): void => {
    setGiven({});
    keep.reset();
  };
  return (
    <div className={classes.plan}>
      <div>
        <PlanFields base={base} given={given} onChange={(changed) => setGiven({ ...given, ...changed })} />
        {keep.error !== null && keep.error.message !== forecast.error?.message && (
          <Notice tone="failed">{keep.error.message}</Notice>
        )}
        <div className={classes.buttons}>
          <Button
            disabled={!isChanged || draft === null || (forecast.isError && Object.keys(assumed).length === 0)}
            loading={keep.isPending}
            onClick={() => draft !== null && keep.mutate(draft, { onSuccess: () => setGiven({}) })}
          >
            {kept === null ? 'Put this plan into force' : 'Save the plan'}
          </Button>
          <Button variant="default" disabled={!isTouched || keep.isPending} onClick={discard}>
            Discard
          </Button>
        </div>
        <Consequences kept={kept} draft={draft} />
      </div>
      <ForecastCard
        forecast={forecast.data ?? null}
        refusal={draft === null ? 'Fill in every field to see what the plan costs.' : forecast.error?.message}
        isOld={forecast.isPending || draft !== settled || assumed !== rests}
        assumed={assumed}
        onAssume={setAssumed}
      />
    </div>
  );
}

/** What changes for readers, and from when. */
function Consequences({
  kept,
  draft,
}: {
  readonly kept: PlanFigures | null;
  readonly draft: PlanFigures | null;
}) {
  if (kept === null) {
    return (
      <p className={classes.quiet}>
        In force from the next case that each reader takes; reads that are open stay what they are. Reads
        handed in from then on are reviewed by the shares above instead of all of them.
      </p>
    );
  }
  const lines = draft === null ? [] : changes(kept, draft);
  if (lines.length === 0) {
    return <p className={classes.quiet}>This plan is in force.</p>;
  }
  return (
    <div className={classes.consequences} role="status">
      <p>When saved, from the next case that each reader takes; reads that are open stay what they are:</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
