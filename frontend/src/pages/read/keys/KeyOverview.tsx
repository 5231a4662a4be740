import { Button, CloseButton } from '@mantine/core';
import { useRead } from '../readStore';
import { ACTION_GROUPS, type Action, actionsFor, type Role } from './actions';
import classes from './KeySheet.module.css';
import type { CustomKeys } from './keymap';
import { shownChords, useKeyStore } from './keyStore';

interface Row {
  readonly keys: readonly string[];
  readonly words: string;
}

/** Gestures of the pointer: the viewer has them, the overview names them. */
const POINTER: readonly Row[] = [
  { keys: ['Wheel'], words: 'Slice' },
  { keys: ['Ctrl-wheel'], words: 'Zoom' },
  { keys: ['Shift-wheel'], words: 'Brush size' },
  { keys: ['Shift-drag'], words: 'The opposite: brush erases, eraser paints' },
  { keys: ['Shift-drag'], words: 'With the crosshair: turn the planes about it' },
  { keys: ['Right drag'], words: 'Window and level' },
  { keys: ['Middle drag'], words: 'Pan' },
  { keys: ['Double click'], words: 'One plane, or all (not while drawing)' },
];

/** Opened with ?, over the right panel and not over the image. */
export function KeyOverview({ role }: { readonly role: Role }) {
  const isOpen = useRead((state) => state.panel === 'keys');
  const set = useRead((state) => state.set);
  const custom = useKeyStore((state) => state.custom);
  if (!isOpen) {
    return null;
  }
  const actions = actionsFor(role);
  return (
    <section className={classes.sheet} role="dialog" aria-label="Keys">
      <div className={classes.head}>
        <h2 className={classes.title}>Keys</h2>
        <Button size="compact-xs" variant="default" onClick={() => set({ panel: 'key_settings' })}>
          Choose your own
        </Button>
        <CloseButton aria-label="Close the key overview" onClick={() => set({ panel: null })} />
      </div>
      {ACTION_GROUPS.map((group) => (
        <KeyTable
          key={group}
          title={group}
          rows={rowsOf(
            actions.filter((action) => action.group === group),
            custom,
          )}
        />
      ))}
      <KeyTable title="Mouse" rows={POINTER} />
    </section>
  );
}

/** The nine structures by their place stand in one row, as long as they have their digits. */
function rowsOf(actions: readonly Action[], custom: CustomKeys): readonly Row[] {
  const isPlace = ({ id, key }: Action): boolean => id === `structure.${key}` && custom[id] === undefined;
  const places = actions.filter(isPlace);
  const rows = actions
    .filter((action) => !isPlace(action))
    .map((action) => ({ keys: shownChords(action, custom), words: action.words }));
  return places.length === 0
    ? rows
    : [
        ...rows,
        { keys: [`${places[0]?.key} – ${places.at(-1)?.key}`], words: 'Structure by its place in the list' },
      ];
}

function KeyTable({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  return (
    <>
      <h3 className={classes.group}>{title}</h3>
      <dl className={classes.table}>
        {rows.map(({ keys, words }) => (
          <div key={words} className={classes.row}>
            <dt>
              {keys.length === 0 && '—'}
              {keys.map((key) => (
                <kbd key={key} className={classes.key}>
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
