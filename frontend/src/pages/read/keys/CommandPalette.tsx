import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useRead } from '../readStore';
import { actionsFor, type Role } from './actions';
import classes from './CommandPalette.module.css';
import sheets from './KeySheet.module.css';
import { shownChords, useKeyStore } from './keyStore';
import { type Entry, entriesOf, found } from './palette';

const SHOWN = 40;

/** Ctrl-K: every action and every structure by a few letters of its name. */
export function CommandPalette({ role }: { readonly role: Role }) {
  const isOpen = useRead((state) => state.panel === 'palette');
  return isOpen ? <Sheet role={role} /> : null;
}

function close(): void {
  useRead.getState().set({ panel: null });
}

/** The field is the only thing in it that takes the focus, and has it from the first moment. */
function Sheet({ role }: { readonly role: Role }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a click beside the sheet closes it, as Esc does
    <div
      className={classes.backdrop}
      onMouseDown={(event) => event.target === event.currentTarget && close()}
    >
      <div
        className={classes.sheet}
        role="dialog"
        aria-modal="true"
        aria-label="Find an action or a structure"
      >
        <Finder role={role} />
      </div>
    </div>
  );
}

function Finder({ role }: { readonly role: Role }) {
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const listId = useId();
  const structures = useRead((state) => state.structures);
  const entries = useMemo(() => entriesOf(actionsFor(role), structures), [role, structures]);
  const shown = useMemo(() => found(entries, typed).slice(0, SHOWN), [entries, typed]);
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((at + step + shown.length) % Math.max(1, shown.length));
    else if (event.key === 'Enter') choose(shown[at]);
    else if (event.key === 'Escape') close();
    else if (event.key !== 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <TextInput
        variant="unstyled"
        size="md"
        classNames={{ input: classes.input ?? '' }}
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={shown[at] && `${listId}-${at}`}
        aria-label="Find an action or a structure"
        placeholder="Find an action or a structure"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div role="listbox" id={listId} aria-label="Found" className={classes.list}>
        {shown.map((entry, index) => (
          <Option key={entry.id} id={`${listId}-${index}`} entry={entry} isOn={index === at} />
        ))}
      </div>
      {shown.length === 0 && <p className={classes.none}>Nothing is called “{typed}”.</p>}
    </>
  );
}

interface OptionProps {
  readonly id: string;
  readonly entry: Entry;
  readonly isOn: boolean;
}

/** The keyboard works in the field above: an option is for the pointer, and for who has the list read out. */
function Option({ id, entry, isOn }: OptionProps) {
  const row = useRef<HTMLDivElement>(null);
  const custom = useKeyStore((state) => state.custom);
  useEffect(() => {
    if (isOn) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isOn]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the combobox above keeps the focus
    <div
      ref={row}
      id={id}
      role="option"
      aria-selected={isOn}
      className={classes.option}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => choose(entry)}
    >
      {entry.kind === 'structure' && (
        <span className={classes.dot} style={{ background: entry.structure.colour }} />
      )}
      <span className={classes.words}>{entry.words}</span>
      <span className={classes.kind}>{entry.kind === 'structure' ? 'structure' : entry.action.group}</span>
      {entry.kind === 'action' &&
        shownChords(entry.action, custom)
          .slice(0, 1)
          .map((key) => (
            <kbd key={key} className={sheets.key}>
              {key}
            </kbd>
          ))}
    </div>
  );
}

function choose(entry: Entry | undefined): void {
  if (entry === undefined) {
    return;
  }
  const { activate } = useRead.getState();
  // First closed: the action may open a panel itself.
  close();
  if (entry.kind === 'structure') {
    activate(entry.structure);
    return;
  }
  entry.action.press();
  // What a key holds is let go at once here: a peek would stay for good.
  if (entry.action.release !== undefined) {
    window.addEventListener('keydown', entry.action.release, { once: true });
    window.addEventListener('pointerdown', entry.action.release, { once: true });
  }
}
