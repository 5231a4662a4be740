import { Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useEffect, useState } from 'react';
import { useCreateProject } from '../../api';
import { Notice } from '../shell/Notice';
import { type Draft, forgetDraft, keepDraft, keptDraft } from './draft';
import { Steps } from './Steps';
import { StructurePicker } from './StructurePicker';
import classes from './Wizard.module.css';

/** Name and structures: what a project needs to be made. */
export function BeginSteps({ onMade }: { readonly onMade: (project: number) => void }) {
  const [draft, setDraft] = useState<Draft>(() => keptDraft(sessionStorage));
  const [isNamed, setNamed] = useState(false);
  const create = useCreateProject();
  useEffect(() => keepDraft(sessionStorage, draft), [draft]);
  const make = (): void =>
    create.mutate(
      { ...draft, name: draft.name.trim() },
      {
        onSuccess: ({ id }) => {
          forgetDraft(sessionStorage);
          onMade(id);
        },
      },
    );
  const nameAgain = (): void => {
    create.reset();
    setNamed(false);
  };
  return (
    <>
      <Steps at={isNamed ? 1 : 0} onStep={nameAgain} />
      {isNamed ? (
        <>
          <h1 className={classes.title}>What is delineated in {draft.name.trim()}</h1>
          <StructurePicker draft={draft} onChange={setDraft} />
          {create.error !== null && <Notice tone="failed">{create.error.message}</Notice>}
          <div className={classes.way}>
            <span className={classes.quiet}>{chosenWords(draft.structures.length)}</span>
            <Button variant="default" onClick={nameAgain}>
              Back
            </Button>
            <Button onClick={make} loading={create.isPending}>
              Create the project
            </Button>
          </div>
        </>
      ) : (
        <NameStep draft={draft} onChange={setDraft} onDone={() => setNamed(true)} />
      )}
    </>
  );
}

function chosenWords(count: number): string {
  if (count === 0) {
    return 'Without a choice, the names in the label maps of the first import become the structures.';
  }
  const chosen = count === 1 ? '1 structure' : `${count} structures`;
  return `${chosen}. Others can be added later; layers and values then stay as they are now.`;
}

interface NameStepProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly onDone: () => void;
}

function NameStep({ draft, onChange, onDone }: NameStepProps) {
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onDone();
  };
  return (
    <form onSubmit={send} className={classes.name}>
      <h1 className={classes.title}>A new project</h1>
      <TextInput
        label="Name"
        description="As its readers will see it. It can be changed later."
        placeholder="Pancreas, portal venous phase"
        maxLength={120}
        autoFocus
        required
        withAsterisk={false}
        value={draft.name}
        onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
      />
      <div className={classes.way}>
        <Button type="submit" disabled={draft.name.trim() === ''}>
          On to structures
        </Button>
      </div>
    </form>
  );
}
