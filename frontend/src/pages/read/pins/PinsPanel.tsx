import { Button, Group, Textarea, UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import type { Assignment, Pin, PinNote, Structure } from '../../../api';
import { codeWords, when } from '../../words';
import { call } from '../keys/handlers';
import classes from './PinsPanel.module.css';
import { usePinStore } from './pinStore';

const AUTHORS: Readonly<Record<PinNote['author'], string>> = {
  you: 'You',
  reader: 'Reader',
  reviewer: 'Reviewer',
};

/** Every pin with its thread; the one that is looked at is open. */
export function PinsPanel({ assignment }: { readonly assignment: Assignment }) {
  const pins = usePinStore((state) => state.pins);
  const problem = usePinStore((state) => state.problem);
  const isReview = assignment.role === 'review' && assignment.editable;
  return (
    <section className={classes.section} aria-label="Pins">
      {isReview && (
        <div className={classes.head}>
          <Button size="compact-sm" variant="default" onClick={() => call('pin')}>
            Pin at the crosshair (.)
          </Button>
        </div>
      )}
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      {pins?.length === 0 && <p className={classes.quiet}>{emptyWords(isReview)}</p>}
      <ol className={classes.list}>
        {(pins ?? []).map((pin, at) => (
          <li key={pin.id}>
            <PinRow
              pin={pin}
              number={at + 1}
              structure={assignment.structures.find(({ key }) => key === pin.structure)}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

function emptyWords(isReview: boolean): string {
  return isReview
    ? 'No pins yet. Go to what is wrong and press the full stop: the reader is led there.'
    : 'No reviewer has left a pin in this case.';
}

interface PinRowProps {
  readonly pin: Pin;
  readonly number: number;
  readonly structure: Structure | undefined;
}

function PinRow({ pin, number, structure }: PinRowProps) {
  const isCurrent = usePinStore((state) => state.current === pin.id);
  const show = usePinStore((state) => state.show);
  const [first] = pin.notes;
  return (
    <div className={classes.pin} data-current={isCurrent || undefined} data-state={pin.state}>
      <UnstyledButton
        className={classes.choose}
        aria-expanded={isCurrent}
        title="Go there"
        onClick={() => show(pin)}
      >
        <span className={classes.badge}>{number}</span>
        <span className={classes.dot} style={{ background: structure?.colour ?? 'var(--muted)' }} />
        <span className={classes.name}>
          {structure?.name ?? pin.structure} · {codeWords(pin.error_code)}
        </span>
        <span className={classes.state}>{pin.state === 'resolved' ? 'resolved' : ''}</span>
      </UnstyledButton>
      {!isCurrent && first !== undefined && <p className={classes.first}>{first.text}</p>}
      {isCurrent && <Thread pin={pin} />}
    </div>
  );
}

function Thread({ pin }: { readonly pin: Pin }) {
  const { resolve, remove } = usePinStore.getState();
  const isOpen = pin.state === 'open';
  return (
    <div className={classes.thread}>
      {pin.notes.map((note) => (
        <p key={note.at} className={classes.note}>
          <span className={classes.author}>
            {note.author !== 'you' && note.name !== null ? note.name : AUTHORS[note.author]} · {when(note.at)}
          </span>
          {note.text}
        </p>
      ))}
      <Reply pin={pin} />
      <Group gap={6}>
        <Button
          size="compact-xs"
          variant={isOpen ? 'filled' : 'default'}
          onClick={() => void resolve(pin, isOpen ? 'resolved' : 'open')}
        >
          {isOpen ? 'Resolve' : 'Open again'}
        </Button>
        {pin.deletable && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => void remove(pin)}>
            Delete
          </Button>
        )}
      </Group>
    </div>
  );
}

function Reply({ pin }: { readonly pin: Pin }) {
  const [text, setText] = useState('');
  const send = async (): Promise<void> => {
    if (text.trim() !== '' && (await usePinStore.getState().reply(pin, text.trim()))) setText('');
  };
  return (
    <Textarea
      size="xs"
      aria-label="Reply"
      placeholder="Reply (Ctrl-⏎)"
      autosize
      minRows={1}
      maxRows={6}
      maxLength={2000}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => isSendKey(event) && void send()}
    />
  );
}

export function isSendKey(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && (event.ctrlKey || event.metaKey);
}
