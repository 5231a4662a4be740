import { Button } from '@mantine/core';
import { useState } from 'react';
import {
  type LearningPolicy,
  type Project,
  useChangeLearningPolicy,
  useLearningPolicy,
  useQueries,
} from '../../../../api';
import { Notice } from '../../../shell/Notice';
import { changesOf, type Draft } from './draft';
import { Goals } from './Goals';
import { PolicyFields } from './PolicyFields';
import classes from './rounds.module.css';

/** When the project trains, from what, what the gate forgives, what is read next; and what it is all for. */
export function PolicySection({ project }: { readonly project: Project }) {
  const asked = useLearningPolicy(project.id);
  return (
    <>
      {asked.data !== undefined && <Form project={project.id} kept={asked.data.policy} />}
      {asked.data === undefined && asked.error === null && (
        <div className={classes.waiting} aria-busy="true" />
      )}
      {asked.error !== null && (
        <Notice tone={asked.data === undefined ? 'failed' : 'needsYou'}>
          {asked.error.message}{' '}
          <Button size="compact-xs" variant="default" onClick={() => void asked.refetch()}>
            Try again
          </Button>
        </Notice>
      )}
      <Goals project={project} />
    </>
  );
}

function Form({ project, kept }: { readonly project: number; readonly kept: LearningPolicy }) {
  const [draft, setDraft] = useState<Draft>({});
  const predicted = useQueries(project).data?.predicted;
  const change = useChangeLearningPolicy(project);
  const changes = changesOf(kept, draft);
  const isChanged = changes === null || Object.keys(changes).length > 0;
  const discard = (): void => {
    setDraft({});
    change.reset();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (changes !== null && isChanged) {
          change.mutate(changes, { onSuccess: () => setDraft({}) });
        }
      }}
    >
      <PolicyFields
        kept={kept}
        draft={draft}
        onChange={(changed) => setDraft({ ...draft, ...changed })}
        {...(predicted === undefined ? {} : { predicted })}
      />
      {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
      <div className={classes.buttons}>
        <Button type="submit" disabled={!isChanged || changes === null} loading={change.isPending}>
          Save the policy
        </Button>
        <Button variant="default" disabled={!isChanged || change.isPending} onClick={discard}>
          Discard
        </Button>
        <span className={classes.quiet} role="status">
          {isChanged ? 'The next training follows what is saved.' : 'This policy is in force.'}
        </span>
      </div>
    </form>
  );
}
