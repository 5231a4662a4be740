import { Button, Checkbox, MultiSelect, NativeSelect, NumberInput, Progress } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  type Export,
  type ExportFormat,
  type ExportOrder,
  type ExportWhat,
  exportFile,
  isBeingMade,
  type Project,
  useAskExport,
  useCancelJob,
  useExports,
  useImportSettings,
  useMembers,
  useRemoveExport,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './export.module.css';
import {
  canNameUids,
  exportWords,
  FORMATS,
  goesBackWords,
  isOfModel,
  notesOf,
  stateWords,
  WHAT,
} from './words';

const SPLITS = ['pool', 'validation', 'test'];
const START: ExportOrder = {
  form: 'nifti',
  what: 'accepted',
  splits: [],
  readers: [],
  structures: [],
  model: null,
  original_uids: false,
  round: null,
};

function choices(of: Readonly<Record<string, string>>) {
  return Object.entries(of).map(([value, label]) => ({ value, label }));
}

/** What leaves the project: asked for above, followed and fetched below. */
export function ExportTab({ project }: { readonly project: Project }) {
  const found = useExports(project.id);
  return (
    <>
      <AskExport project={project} />
      {found.error !== null && <Notice tone="failed">{found.error.message}</Notice>}
      <ul className={classes.list} aria-label="Exports" aria-busy={found.data === undefined}>
        {(found.data ?? []).map((one) => (
          <OneExport key={one.id} project={project.id} one={one} />
        ))}
      </ul>
    </>
  );
}

function AskExport({ project }: { readonly project: Project }) {
  const ask = useAskExport(project.id);
  const [order, setOrder] = useState(START);
  const change = (changed: Partial<ExportOrder>): void => setOrder({ ...order, ...changed });
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    ask.mutate(order);
  };
  return (
    <form className={classes.form} onSubmit={send} aria-label="Export">
      <div className={classes.fields}>
        <NativeSelect
          label="Format"
          data={choices(FORMATS)}
          value={order.form}
          onChange={(event) =>
            change({ form: event.currentTarget.value as ExportFormat, original_uids: false })
          }
        />
        <NativeSelect
          label="What"
          data={choices(WHAT)}
          value={order.what}
          onChange={(event) =>
            change({ what: event.currentTarget.value as ExportWhat, readers: [], model: null, round: null })
          }
        />
        <Narrowed project={project} order={order} onChange={change} />
      </div>
      <GoesBack project={project.id} order={order} onChange={change} />
      {ask.error !== null && <Notice tone="failed">{ask.error.message}</Notice>}
      <Button
        type="submit"
        className={classes.send}
        loading={ask.isPending}
        disabled={isOfModel(order.what) && order.model === null}
      >
        Export
      </Button>
    </form>
  );
}

interface GoesBackProps {
  readonly project: number;
  readonly order: ExportOrder;
  readonly onChange: (changed: Partial<ExportOrder>) => void;
}

/** Offered where a project keeps original UIDs, for the two formats that can name them. */
function GoesBack({ project, order, onChange }: GoesBackProps) {
  const settings = useImportSettings(project).data;
  if (settings?.keeps_uids !== true || !canNameUids(order.form)) {
    return null;
  }
  return (
    <Checkbox
      label="For the hospital: name its own study, series and slices (original UIDs)"
      description={goesBackWords(settings.sealed)}
      checked={order.original_uids}
      onChange={(event) => onChange({ original_uids: event.currentTarget.checked })}
    />
  );
}

interface NarrowedProps {
  readonly project: Project;
  readonly order: ExportOrder;
  readonly onChange: (changed: Partial<ExportOrder>) => void;
}

/** Each is optional: nothing chosen is all. */
function Narrowed({ project, order, onChange }: NarrowedProps) {
  const members = useMembers(project.id).data ?? [];
  return (
    <>
      <MultiSelect
        label="Splits"
        placeholder={order.splits.length === 0 ? 'all' : ''}
        data={SPLITS}
        value={[...order.splits]}
        onChange={(splits) => onChange({ splits })}
      />
      <MultiSelect
        label="Structures"
        placeholder={order.structures.length === 0 ? 'all' : ''}
        searchable
        data={project.structures.map(({ key, name }) => ({ value: key, label: name }))}
        value={[...order.structures]}
        onChange={(structures) => onChange({ structures })}
      />
      {isOfModel(order.what) ? (
        <NumberInput
          label="Model"
          description="Its version"
          min={1}
          allowDecimal={false}
          value={order.model ?? ''}
          onChange={(model) => onChange({ model: typeof model === 'number' ? model : null })}
        />
      ) : (
        <>
          <MultiSelect
            label="Readers"
            placeholder={order.readers.length === 0 ? 'all' : ''}
            data={members.map(({ username }) => username)}
            value={[...order.readers]}
            onChange={(readers) => onChange({ readers })}
          />
          <NumberInput
            label="Round"
            description="Model that reads began from; 0 = none"
            placeholder="all"
            min={0}
            allowDecimal={false}
            value={order.round ?? ''}
            onChange={(round) => onChange({ round: typeof round === 'number' ? round : null })}
          />
        </>
      )}
    </>
  );
}

function OneExport({ project, one }: { readonly project: number; readonly one: Export }) {
  const cancel = useCancelJob(project);
  const remove = useRemoveExport(project);
  const problem = cancel.error ?? remove.error;
  const { done = 0, total = 0 } = one.job.progress;
  return (
    <li className={classes.one}>
      <span>{exportWords(one)}</span>
      <span className={classes.acts}>
        {one.bytes !== null && (
          <Button component="a" size="compact-sm" href={exportFile(project, one.id)} download>
            Download
          </Button>
        )}
        {isBeingMade(one) ? (
          <Button
            size="compact-sm"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(one.job.id)}
          >
            Cancel
          </Button>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            loading={remove.isPending}
            onClick={() => remove.mutate(one.id)}
          >
            Remove
          </Button>
        )}
      </span>
      <span className={classes.state}>
        {when(one.created_at)} · {one.requested_by} · {problem?.message ?? stateWords(one)}
      </span>
      {one.job.state === 'running' && (
        <Progress.Root size="sm" w={160}>
          <Progress.Section value={total > 0 ? (100 * done) / total : 0} aria-label="Export progress" />
        </Progress.Root>
      )}
      {notesOf(one).length > 0 && (
        <details className={classes.state}>
          <summary>Notes</summary>
          <ul>
            {notesOf(one).map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
