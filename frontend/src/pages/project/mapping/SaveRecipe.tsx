import { Button, Checkbox, TextInput } from '@mantine/core';
import type { SubmitEvent } from 'react';
import { ApiError, type Look, useSaveRecipe } from '../../../api';
import { Notice } from '../../shell/Notice';
import { ImportOptions } from './ImportOptions';
import classes from './mapping.module.css';
import { contentOf, openPlaces, problemOfName, problemOfStructures, type RecipeDraft } from './recipeDraft';
import { useImporting } from './useImporting';
import { openWords } from './words';

const TAKEN = 409;
const GONE = 404;

interface SaveRecipeProps {
  readonly project: number;
  readonly look: Look;
  readonly draft: RecipeDraft;
  readonly isChecked: boolean;
  /** From now on everything that is missing is marked. */
  readonly onCheck: () => void;
  readonly onChange: (draft: RecipeDraft) => void;
  /** Its number; null = it is gone. */
  readonly onSaved: (id: number | null) => void;
}

/** Save what was decided under a name, and import with it. */
export function SaveRecipe({ project, look, draft, isChecked, onCheck, onChange, onSaved }: SaveRecipeProps) {
  const save = useSaveRecipe(project);
  const importing = useImporting(project, look);
  const open = openPlaces(draft);
  const content = contentOf(draft);
  const isTaken = isStatus(save.error, TAKEN);
  const keep = (then: (id: number) => void): void => {
    onCheck();
    if (open > 0) {
      return;
    }
    const { name, isShared: shared, saved } = draft;
    save.mutate(
      { id: saved, name: name.trim(), shared, content },
      {
        onSuccess: ({ id }) => {
          onSaved(id);
          then(id);
        },
        // Somebody deleted it: the next attempt makes it anew.
        onError: (error) => isStatus(error, GONE) && onSaved(null),
      },
    );
  };
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    keep((id) => importing.begin(String(id)));
  };
  return (
    <form className={classes.panel} onSubmit={send} aria-label="Save the recipe" noValidate>
      <h2>Save and import</h2>
      <TextInput
        label="Name of the recipe"
        description="Under it the recipe can be chosen for the next import."
        maxLength={120}
        maw={440}
        value={draft.name}
        error={(isTaken && save.error?.message) || (isChecked && problemOfName(draft)) || null}
        onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
      />
      <Checkbox
        mt="sm"
        size="xs"
        label="Leads of other projects may use it too"
        checked={draft.isShared}
        onChange={(event) => onChange({ ...draft, isShared: event.currentTarget.checked })}
      />
      <ImportOptions importing={importing} />
      {isChecked && open > 0 && (
        <Notice tone="needsYou">
          {openWords(open)} {problemOfStructures(draft)}
        </Notice>
      )}
      {save.error !== null && !isTaken && <Notice tone="failed">{save.error.message}</Notice>}
      {importing.error !== null && <Notice tone="failed">{importing.error.message}</Notice>}
      <div className={classes.acts}>
        <Button type="submit" loading={save.isPending || importing.isPending}>
          Save and import with it
        </Button>
        <Button variant="default" loading={save.isPending} onClick={() => keep(() => undefined)}>
          Save only
        </Button>
        {save.isSuccess && (
          <span className={classes.quiet} role="status">
            Saved as “{save.data.name}”.
          </span>
        )}
      </div>
    </form>
  );
}

function isStatus(error: Error | null, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}
