import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { type GateDecisions, type Project, useGateDecisions } from '../../../../api';
import { MODEL_STATES } from '../../../words';
import { Comparison } from './Comparison';
import { Deciding, type Decision } from './Deciding';
import { DecisionLog } from './DecisionLog';
import classes from './gate.module.css';

/** Which model serves and why: what was compared, and a lead's way around it. */
export function GateSection({ project }: { readonly project: Project }) {
  const asked = useGateDecisions(project.id);
  if (asked.data === undefined) {
    return asked.error === null ? (
      <div className={classes.waiting} aria-busy="true" />
    ) : (
      <p role="alert">
        {asked.error.message}{' '}
        <Button size="compact-sm" variant="default" onClick={() => void asked.refetch()}>
          Try again
        </Button>
      </p>
    );
  }
  if (project.models.length === 0) {
    return (
      <p className={classes.quiet}>
        There is no model to compare yet. The first one serves at once; each later one has to be better on the
        accepted test cases, with no structure worse.
      </p>
    );
  }
  return <Gate project={project} decided={asked.data} />;
}

function Gate({ project, decided }: { readonly project: Project; readonly decided: GateDecisions }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [decision, setDecision] = useState<Decision | null>(null);
  const newest = project.models[0]?.version ?? 1;
  const model = project.models.find(({ version }) => version === chosen) ?? project.models[0];
  const version = model?.version ?? newest;
  const { serving, former } = decided;
  const isServing = version === serving;
  return (
    <>
      <div className={classes.bar}>
        <NativeSelect
          size="sm"
          aria-label="Model to compare"
          data={project.models.map((one) => ({
            value: String(one.version),
            label: `Model ${one.version} · ${MODEL_STATES[one.state]}`,
          }))}
          value={String(version)}
          onChange={(event) => {
            setChosen(Number(event.currentTarget.value));
            setDecision(null);
          }}
        />
        <div className={classes.buttons}>
          {!isServing && (
            <Button variant="default" onClick={() => setDecision({ kind: 'promote', version, serving })}>
              Put model {version} into service
            </Button>
          )}
          {former !== null && (
            <Button
              variant="default"
              onClick={() => setDecision({ kind: 'rollBack', version: former, serving })}
            >
              Roll back to model {former}
            </Button>
          )}
        </div>
      </div>
      {decision !== null && (
        <Deciding
          key={`${decision.kind} ${decision.version}`}
          project={project.id}
          decision={decision}
          onEnd={() => setDecision(null)}
        />
      )}
      <Comparison key={version} project={project} version={version} />
      <DecisionLog decisions={decided.decisions} />
    </>
  );
}
