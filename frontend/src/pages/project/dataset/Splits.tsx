import { Button } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  type Dataset,
  type Division,
  type Project,
  useApplySplit,
  usePreviewSplit,
  useSplitChanges,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './dataset.module.css';
import { SplitFields } from './SplitFields';
import { SplitPreviewTables } from './SplitPreviewTables';
import { count, methodWords, START } from './words';

interface SplitsProps {
  readonly project: Project;
  readonly dataset: Dataset;
}

/** Pool, validation and test: asked for, looked at, then done as it was shown. */
export function Splits({ project, dataset }: SplitsProps) {
  const [asked, setAsked] = useState<Division>(START);
  const preview = usePreviewSplit(project.id);
  const apply = useApplySplit(project.id);
  const [isComplete, setComplete] = useState(true);
  const change = (next: Division): void => {
    setAsked(next);
    preview.reset();
    apply.reset();
  };
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    apply.reset();
    preview.mutate(asked);
  };
  const shown = apply.data === undefined ? preview.data : undefined;
  return (
    <section className={classes.wide} aria-label="Splits">
      <h2 className={classes.heading}>Which cases are trained on, which measure?</h2>
      <p className={classes.quiet}>
        All scans of a patient, and certain copies of a scan, stay together. What a model was trained on or
        measured on stays where it is. Validation cases are looked at while a model is trained; test cases
        decide whether it serves.
      </p>
      <form className={classes.form} onSubmit={send} aria-label="Divide the cases">
        <SplitFields dataset={dataset} asked={asked} onChange={change} onComplete={setComplete} />
        {preview.error !== null && <Notice tone="failed">{preview.error.message}</Notice>}
        <Button type="submit" variant="default" w={140} loading={preview.isPending} disabled={!isComplete}>
          Preview
        </Button>
      </form>
      {shown !== undefined && (
        <SplitPreviewTables
          preview={shown}
          isPending={apply.isPending}
          onApply={() => apply.mutate({ ...asked, digest: shown.digest })}
        />
      )}
      {apply.error !== null && <Notice tone="failed">{apply.error.message}</Notice>}
      {apply.data !== undefined && <p role="status">{count(apply.data.moved, 'case')} moved.</p>}
      <History project={project.id} />
    </section>
  );
}

function History({ project }: { readonly project: number }) {
  const found = useSplitChanges(project);
  if (found.error !== null) {
    return <Notice tone="failed">{found.error.message}</Notice>;
  }
  if (found.data === undefined || found.data.length === 0) {
    return null;
  }
  return (
    <ul className={classes.list} aria-label="Earlier splits">
      {found.data.map((one) => (
        <li key={one.id}>
          {when(one.at)}, {one.by}: {methodWords(one)}. {count(one.moved, 'case')} moved; pool{' '}
          {one.counts.pool}, validation {one.counts.validation}, test {one.counts.test}.
        </li>
      ))}
    </ul>
  );
}
