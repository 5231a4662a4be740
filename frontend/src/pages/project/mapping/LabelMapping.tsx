import { Button } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { LabelSeen, Look, Project } from '../../../api';
import { BeginFromSaved } from './BeginFromSaved';
import { LabelsTable } from './LabelsTable';
import { MissingStructures } from './MissingStructures';
import classes from './mapping.module.css';
import { RulesEditor } from './RulesEditor';
import { draftOf, keepDraft, keptDraft, missingIn, OPEN, type RecipeDraft, withoutOpen } from './recipeDraft';
import { SaveRecipe } from './SaveRecipe';
import { StructuresTable } from './StructuresTable';
import { useNames } from './useNames';

interface LabelMappingProps {
  readonly project: Project;
  readonly look: Look;
  readonly labels: readonly LabelSeen[];
}

/** What was decided outlives a reload, until the tab is closed. */
function useDraft(look: number, labels: readonly LabelSeen[]) {
  const [draft, setDraft] = useState<RecipeDraft>(() => keptDraft(sessionStorage, look, draftOf(labels)));
  useEffect(() => keepDraft(sessionStorage, look, draft), [look, draft]);
  return [draft, setDraft] as const;
}

/** Labels, rules and structures of a recipe in the making; confirmed, saved, and imported with. */
export function LabelMapping({ project, look, labels }: LabelMappingProps) {
  const [draft, setDraft] = useDraft(look.id, labels);
  const [isChecked, setChecked] = useState(false);
  const addName = useCallback(
    (key: string, name: string) =>
      setDraft((before) => ({ ...before, newNames: { ...before.newNames, [key]: name } })),
    [setDraft],
  );
  const names = useNames(draft.newNames, addName);
  const own = useMemo(() => project.structures.map(({ key }) => key), [project.structures]);
  const part = { draft, names, isChecked, onChange: setDraft };
  return (
    <>
      <section className={classes.panel} aria-label="Labels">
        <h2>Labels</h2>
        <p className={classes.quiet}>
          Spellings that are known are filled in. What is merely alike is for you to confirm.
        </p>
        <BeginFromSaved project={project.id} draft={draft} onChange={setDraft} />
        <LabelsTable labels={labels} {...part} />
        <LeaveOutRest draft={draft} onChange={setDraft} />
      </section>
      <section className={classes.panel} aria-label="Rules of the recipe">
        <h2>Rules</h2>
        <p className={classes.quiet}>What is made of these structures, if anything; from top to bottom.</p>
        <RulesEditor {...part} />
      </section>
      <section className={classes.panel} aria-label="Structures">
        <h2>What comes out</h2>
        <p className={classes.quiet}>
          Tick what was looked at in every case: there, no voxel means absent. What is not ticked counts as
          not annotated, and is neither trained on nor scored. Structures that share voxels need different
          layers.
        </p>
        <StructuresTable {...part} />
        <MissingStructures project={project} keys={missingIn(own, draft)} names={names} />
      </section>
      <SaveRecipe
        project={project.id}
        look={look}
        onCheck={() => setChecked(true)}
        onSaved={(saved) => setDraft((before) => ({ ...before, saved }))}
        {...part}
      />
    </>
  );
}

interface LeaveOutRestProps {
  readonly draft: RecipeDraft;
  readonly onChange: (draft: RecipeDraft) => void;
}

function LeaveOutRest({ draft, onChange }: LeaveOutRestProps) {
  const open = draft.labels.filter(({ target }) => target === OPEN).length;
  return (
    open > 1 && (
      <Button size="compact-sm" variant="default" mt="sm" onClick={() => onChange(withoutOpen(draft))}>
        Leave out the {open} that are undecided
      </Button>
    )
  );
}
