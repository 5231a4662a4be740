import { Button, Group } from '@mantine/core';
import { useEffect } from 'react';
import type { Assignment } from '../../../api';
import { lend } from '../keys/handlers';
import { useRead } from '../readStore';
import classes from '../review/VerdictBar.module.css';
import { useDifferences } from './differenceStore';
import type { Finish } from './useAdjudication';

interface AdjudicateBarProps {
  readonly assignment: Assignment;
  readonly finish: Finish;
}

/** A side for the difference that is shown, in one key; drawing decides it as well. */
export function AdjudicateBar({ assignment: { editable }, finish }: AdjudicateBarProps) {
  const found = useDifferences((state) => state.found);
  const decided = useDifferences((state) => state.decided);
  const isAsking = useRead((state) => state.panel === 'accept');
  const all = found?.components.length ?? 0;
  const left = all - decided.size;
  useEnter(editable && !finish.isPending && found !== null, left, finish);
  return (
    <section className={classes.bar} aria-label="Adjudication">
      {finish.problem !== null && (
        <p className={classes.problem} role="alert">
          {finish.problem}
        </p>
      )}
      <p className={classes.left} role="status">
        {isAsking
          ? `${left === 1 ? '1 difference is' : `${left} differences are`} not decided: there A would stay. Finish?`
          : leftWords(left, all, found !== null)}
      </p>
      {isAsking ? <Asking finish={finish} /> : <Sides editable={editable} />}
    </section>
  );
}

function leftWords(left: number, all: number, isKnown: boolean): string {
  if (!isKnown) return 'Finding where the reads differ…';
  return left > 0 ? `${left} of ${all} differences left` : `All ${all} decided. Enter finishes.`;
}

function Asking({ finish }: { readonly finish: Finish }) {
  const set = useRead((state) => state.set);
  return (
    <Group gap="xs">
      <Button size="compact-sm" autoFocus loading={finish.isPending} onClick={() => finish.finish('')}>
        Finish
      </Button>
      <Button size="compact-sm" variant="subtle" color="gray" onClick={() => set({ panel: null })}>
        Back
      </Button>
    </Group>
  );
}

function Sides({ editable }: { readonly editable: boolean }) {
  const current = useDifferences((state) => state.found?.components[state.current]);
  const take = useDifferences((state) => state.take);
  const isOff = !editable || current === undefined;
  return (
    <Group gap={6} grow>
      <Button
        size="sm"
        px={4}
        variant="default"
        aria-label="Take A"
        disabled={isOff}
        onClick={() => take('a')}
      >
        Take A <kbd className={classes.nearKey}>←</kbd>
      </Button>
      <Button
        size="sm"
        px={4}
        variant="default"
        aria-label="Take the majority"
        disabled={isOff || current.take_majority === null}
        title={current?.take_majority === null ? 'Two reads from scratch have no majority.' : ''}
        onClick={() => take('majority')}
      >
        Majority <kbd className={classes.nearKey}>.</kbd>
      </Button>
      <Button
        size="sm"
        px={4}
        variant="default"
        aria-label="Take B"
        disabled={isOff}
        onClick={() => take('b')}
      >
        Take B <kbd className={classes.nearKey}>→</kbd>
      </Button>
    </Group>
  );
}

/** Enter finishes; where something is left, it asks once. */
function useEnter(isReady: boolean, left: number, { finish }: Finish): void {
  useEffect(() => {
    if (!isReady) {
      return undefined;
    }
    const { set } = useRead.getState();
    return lend({ finish: () => (left > 0 ? set({ panel: 'accept' }) : finish('')) });
  });
}
