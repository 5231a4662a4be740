import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type Hanging, type Project, useChangeProject } from '../../api';
import { LAYOUT_NAMES } from '../read/layout/layouts';
import { Notice } from '../shell/Notice';
import { duration } from '../words';
import { ProjectStructures } from './ProjectStructures';
import classes from './SettingsTab.module.css';
import { DeletePatient } from './storage/DeletePatient';
import { StorageSection } from './storage/StorageSection';

const LAYOUTS = Object.entries(LAYOUT_NAMES).map(([value, label]) => ({ value, label }));
const LONGEST_TRAINING_MIN = 30 * 24 * 60;

/** What holds for everybody who works in this project. */
export function SettingsTab({ project }: { readonly project: Project }) {
  return (
    <>
      <div className={classes.settings}>
        <NameSetting project={project} />
        <LayoutSetting project={project} />
        <BudgetSetting project={project} />
      </div>
      <ProjectStructures project={project} />
      <StorageSection project={project.id} />
      <DeletePatient project={project.id} />
    </>
  );
}

function NameSetting({ project }: { readonly project: Project }) {
  const change = useChangeProject(project.id);
  const [given, setGiven] = useState<string | null>(null);
  const name = given ?? project.name;
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    change.mutate({ name }, { onSuccess: () => setGiven(null) });
  };
  return (
    <form onSubmit={send} className={classes.line}>
      <TextInput
        className={classes.grow}
        label="Name"
        maxLength={120}
        value={name}
        error={change.error?.message}
        onChange={(event) => setGiven(event.currentTarget.value)}
      />
      <Button
        type="submit"
        variant="default"
        loading={change.isPending}
        disabled={name.trim() === '' || name.trim() === project.name}
      >
        Rename
      </Button>
    </form>
  );
}

function LayoutSetting({ project }: { readonly project: Project }) {
  const change = useChangeProject(project.id);
  const wanted = change.isPending ? change.variables.hanging : undefined;
  return (
    <>
      <NativeSelect
        label="Layout in which cases are opened"
        description="Readers can choose another while they work."
        data={LAYOUTS}
        value={wanted ?? project.hanging}
        disabled={change.isPending}
        onChange={(event) => change.mutate({ hanging: event.currentTarget.value as Hanging })}
      />
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
    </>
  );
}

function BudgetSetting({ project }: { readonly project: Project }) {
  const change = useChangeProject(project.id);
  const [given, setGiven] = useState<number | null>(null);
  const minutes = given ?? project.training_budget_s / 60;
  const isChanged = given !== null && Math.round(given * 60) !== project.training_budget_s;
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    change.mutate({ training_budget_s: Math.round(minutes * 60) }, { onSuccess: () => setGiven(null) });
  };
  return (
    <form onSubmit={send} className={classes.line}>
      <NumberInput
        className={classes.grow}
        label="How long one training may take"
        description="Minutes; the next training keeps to it."
        min={0.5}
        max={LONGEST_TRAINING_MIN}
        decimalScale={1}
        suffix=" min"
        value={minutes}
        error={change.error?.message}
        onChange={(value) => typeof value === 'number' && setGiven(value)}
      />
      <Button type="submit" variant="default" loading={change.isPending} disabled={!isChanged}>
        {isChanged ? `Allow ${duration(minutes * 60)}` : 'Allow'}
      </Button>
    </form>
  );
}
