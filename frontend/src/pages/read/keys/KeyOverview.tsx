import { CloseButton } from '@mantine/core';
import { useRead } from '../readStore';
import classes from './KeyOverview.module.css';
import { bindingsFor, type KeyBinding, POINTER } from './keys';

const GROUPS: readonly KeyBinding['group'][] = ['Draw', 'Structures', 'Look', 'Finish'];

/** Opened with ?, over the right panel and not over the image. */
export function KeyOverview({ isReview }: { readonly isReview: boolean }) {
  const isOpen = useRead((state) => state.panel === 'keys');
  const set = useRead((state) => state.set);
  if (!isOpen) {
    return null;
  }
  const bindings = bindingsFor(isReview);
  return (
    <aside className={classes.sheet} role="dialog" aria-label="Keys">
      <div className={classes.head}>
        <h2 className={classes.title}>Keys</h2>
        <CloseButton aria-label="Close the key overview" onClick={() => set({ panel: null })} />
      </div>
      {GROUPS.map((group) => (
        <KeyTable key={group} title={group} rows={bindings.filter((binding) => binding.group === group)} />
      ))}
      <KeyTable title="Mouse" rows={POINTER} />
    </aside>
  );
}

interface KeyTableProps {
  readonly title: string;
  readonly rows: readonly { readonly shown: string; readonly words: string }[];
}

function KeyTable({ title, rows }: KeyTableProps) {
  return (
    <>
      <h3 className={classes.group}>{title}</h3>
      <dl className={classes.table}>
        {rows.map(({ shown, words }) => (
          <div key={shown} className={classes.row}>
            <dt>
              <kbd className={classes.key}>{shown}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
