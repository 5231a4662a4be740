import { Button, Checkbox, Group, Loader, Modal, NativeSelect, NumberInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import {
  type DeletionReason,
  type FoundPatient,
  useDeletePatient,
  useDeletions,
  useFoundPatient,
} from '../../../api';
import { Notice } from '../../shell/Notice';
import { when } from '../../words';
import classes from './storage.module.css';
import { doneBy, goes, numbers, REASONS, stays } from './words';

const CHOICES = Object.entries(REASONS).map(([value, label]) => ({ value, label }));

/** All that a project has of a patient goes, once a lead has seen what that is. */
export function DeletePatient({ project }: { readonly project: number }) {
  const [number, setNumber] = useState<number | string>('');
  const [asked, setAsked] = useState<number | null>(null);
  const look = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setAsked(typeof number === 'number' ? number : null);
  };
  return (
    <section className={classes.section} aria-label="Delete a patient">
      <h2 className={classes.title}>Delete a patient</h2>
      <p className={classes.quiet}>
        All cases of the patient in this project, with images, reads and exports. You see what goes before
        anything does.
      </p>
      <form onSubmit={look} className={classes.line}>
        <NumberInput
          label="One of the patient's cases"
          min={1}
          allowDecimal={false}
          allowNegative={false}
          value={number}
          onChange={setNumber}
        />
        <Button type="submit" variant="default" disabled={typeof number !== 'number'}>
          Look what would go…
        </Button>
      </form>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title="Delete a patient"
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {asked !== null && <Question project={project} number={asked} onDone={() => setAsked(null)} />}
      </Modal>
      <Done project={project} />
    </section>
  );
}

interface QuestionProps {
  readonly project: number;
  readonly number: number;
  readonly onDone: () => void;
}

function Question({ project, number, onDone }: QuestionProps) {
  const { data: found, error } = useFoundPatient(project, number);
  if (error !== null) {
    return <Notice tone="failed">{error.message}</Notice>;
  }
  if (found === undefined) {
    return <Loader size="sm" />;
  }
  return <Decision project={project} number={number} found={found} onDone={onDone} />;
}

function Decision({ project, number, found, onDone }: QuestionProps & { readonly found: FoundPatient }) {
  const remove = useDeletePatient(project);
  const [reason, setReason] = useState('');
  const [isSure, setSure] = useState(false);
  const isHeld = found.in_the_way.length > 0;
  return (
    <>
      <strong>What goes</strong>
      <List lines={goes(found)} />
      <strong>What stays</strong>
      <List lines={stays(found)} />
      {isHeld && <Notice tone="needsYou">{found.in_the_way.join(' ')}</Notice>}
      <NativeSelect
        label="Why"
        data={[{ value: '', label: 'Choose a reason' }, ...CHOICES]}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Checkbox
        mt="md"
        label={`I want to delete ${numbers(found.cases.map((one) => one.number)).toLowerCase()} for good.`}
        checked={isSure}
        onChange={(event) => setSure(event.currentTarget.checked)}
      />
      {remove.error !== null && <Notice tone="failed">{remove.error.message}</Notice>}
      <Group mt="md" justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Keep
        </Button>
        <Button
          color="red"
          loading={remove.isPending}
          disabled={isHeld || reason === '' || !isSure}
          onClick={() =>
            remove.mutate({ case: number, reason: reason as DeletionReason }, { onSuccess: onDone })
          }
        >
          Delete the patient
        </Button>
      </Group>
    </>
  );
}

function List({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul className={classes.lines}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function Done({ project }: { readonly project: number }) {
  const { data: deletions, error } = useDeletions(project);
  if (error !== null) {
    return <Notice tone="failed">{error.message}</Notice>;
  }
  if (deletions === undefined || deletions.length === 0) {
    return <p className={classes.done}>No patient was deleted yet.</p>;
  }
  return (
    <div className={classes.done}>
      <strong>Deleted</strong>
      <List
        lines={deletions.map(
          (one) =>
            `${when(one.at)}, ${doneBy(one)}: ${numbers(one.cases).toLowerCase()}. ${REASONS[one.reason]}.${one.left > 0 ? ' Some bytes have still to be removed.' : ''}`,
        )}
      />
    </div>
  );
}
