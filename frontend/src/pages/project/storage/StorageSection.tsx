import { Button, Loader, NumberInput, Progress } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type Storage, useSetLimit, useStorage } from '../../../api';
import { Notice } from '../../shell/Notice';
import { bytes } from '../adding/words';
import classes from './storage.module.css';
import { fill, KIND_NAMES, KINDS, share } from './words';

const GB = 1_000_000_000;
const NEARLY_FULL = 90;

/** What a project holds in the store, and the most that it may. */
export function StorageSection({ project }: { readonly project: number }) {
  const { data: storage, error } = useStorage(project);
  return (
    <section className={classes.section} aria-label="Storage">
      <h2 className={classes.title}>Storage</h2>
      <p className={classes.quiet}>
        Imports, exports and models beyond the limit are refused before anything of them is kept.
      </p>
      {error !== null && <Notice tone="failed">{error.message}</Notice>}
      {storage === undefined && error === null && <Loader size="sm" />}
      {storage !== undefined && <Held storage={storage} />}
      {storage !== undefined && <Limit project={project} storage={storage} />}
    </section>
  );
}

function Held({ storage }: { readonly storage: Storage }) {
  const filled = share(storage);
  return (
    <>
      <strong>{fill(storage)}</strong>
      {storage.limit !== null && (
        <Progress
          mt={6}
          value={filled}
          {...(filled >= NEARLY_FULL && { color: 'yellow' })}
          aria-label="How full the project is"
        />
      )}
      <ul className={classes.kinds}>
        {KINDS.map((kind) => (
          <li key={kind}>
            {KIND_NAMES[kind]}: {bytes(storage[kind])}
          </li>
        ))}
      </ul>
    </>
  );
}

function Limit({ project, storage }: { readonly project: number; readonly storage: Storage }) {
  const change = useSetLimit(project);
  const kept = storage.limit === null ? '' : storage.limit / GB;
  const [given, setGiven] = useState<number | string | null>(null);
  const value = given ?? kept;
  const send = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const limit = typeof value === 'number' ? Math.round(value * GB) : null;
    change.mutate(limit, { onSuccess: () => setGiven(null) });
  };
  return (
    <form onSubmit={send} className={classes.line}>
      <NumberInput
        label="Limit"
        description="In GB; empty = none."
        min={0.001}
        decimalScale={3}
        allowNegative={false}
        suffix=" GB"
        value={value}
        error={change.error?.message}
        onChange={setGiven}
      />
      <Button type="submit" variant="default" loading={change.isPending} disabled={value === kept}>
        {value === '' ? 'Remove the limit' : 'Set the limit'}
      </Button>
    </form>
  );
}
