import { Button, CloseButton, TextInput, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { useRead } from '../readStore';
import { ACTIONS, type Action } from './actions';
import { chordOf, shownChord } from './chord';
import classes from './KeySheet.module.css';
import { conflictsOf, isFree, keyOf } from './keymap';
import { useKeyStore } from './keyStore';
import { foundActions } from './palette';

/** Beside the image: every action with its key; press a key to give it to the action. */
export function KeySettings() {
  const isOpen = useRead((state) => state.panel === 'key_settings');
  return isOpen ? <Sheet /> : null;
}

function Sheet() {
  const set = useRead((state) => state.set);
  const { custom, problem, reset } = useKeyStore();
  const [search, setSearch] = useState('');
  const [waiting, setWaiting] = useState<string | null>(null);
  const found = useMemo(() => foundActions(ACTIONS, search), [search]);
  const close = (): void => set({ panel: null });
  return (
    <section
      className={classes.sheet}
      data-fixed
      role="dialog"
      aria-label="Choose your own keys"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || waiting !== null) return;
        event.stopPropagation();
        close();
      }}
    >
      <div className={classes.head}>
        <h2 className={classes.title}>Your keys</h2>
        <Button
          size="compact-xs"
          variant="default"
          disabled={Object.keys(custom).length === 0}
          onClick={() => void reset()}
        >
          All as usual
        </Button>
        <CloseButton aria-label="Close the key settings" onClick={close} />
      </div>
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <TextInput
        size="xs"
        data-autofocus
        autoFocus
        aria-label="Search actions"
        placeholder="search actions"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <ul className={classes.list}>
        {found.map((action) => (
          <li key={action.id}>
            <Row action={action} isWaiting={waiting === action.id} onWait={setWaiting} />
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={classes.none}>No action is called “{search}”.</p>}
    </section>
  );
}

interface RowProps {
  readonly action: Action;
  /** The next key pressed is given to the action. */
  readonly isWaiting: boolean;
  readonly onWait: (id: string | null) => void;
}

function Row({ action, isWaiting, onWait }: RowProps) {
  const { custom, choose } = useKeyStore();
  const [refused, setRefused] = useState<string | null>(null);
  const chord = keyOf(action, custom);
  const clashes = conflictsOf(chord, action, custom);
  const press = (event: KeyboardEvent): void => {
    const pressed = isWaiting ? chordOf(event.nativeEvent) : null;
    if (pressed === null) return;
    event.preventDefault();
    event.stopPropagation();
    onWait(null);
    setRefused(isFree(pressed) ? null : `${shownChord(pressed)} belongs to the browser.`);
    if (pressed === 'delete' || pressed === 'backspace') void choose(action, '');
    else if (pressed !== 'esc' && isFree(pressed)) void choose(action, pressed);
  };
  const note =
    refused ?? (clashes.length > 0 ? `Also: ${clashes.map(({ words }) => words).join(', ')}` : null);
  return (
    <div className={`${classes.row} ${classes.choice}`} data-clash={clashes.length > 0 || undefined}>
      <span className={classes.words}>{action.words}</span>
      <UnstyledButton
        className={classes.key}
        data-waiting={isWaiting || undefined}
        data-own={custom[action.id] !== undefined || undefined}
        aria-label={`Key of “${action.words}”: ${chord === '' ? 'none' : shownChord(chord)}. Change it`}
        title="Click, then press the key; Del for none, Esc to leave it"
        onClick={() => onWait(isWaiting ? null : action.id)}
        onBlur={() => isWaiting && onWait(null)}
        onKeyDown={press}
      >
        {isWaiting ? 'press a key' : chord === '' ? '—' : shownChord(chord)}
      </UnstyledButton>
      {note !== null && <span className={classes.note}>{note}</span>}
    </div>
  );
}
