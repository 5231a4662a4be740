import { Button, Group, Textarea } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import { useRead } from '../readStore';
import type { Judge } from './useJudge';
import classes from './VerdictBar.module.css';

interface VerdictBarProps {
  readonly editable: boolean;
  readonly judge: Judge;
}

/** Accept in one key; a return says why. A fix is simply drawn, then accepted. */
export function VerdictBar({ editable, judge }: VerdictBarProps) {
  const isReturning = useRead((state) => state.panel === 'return');
  const set = useRead((state) => state.set);
  return (
    <section className={classes.bar} aria-label="Verdict">
      {judge.problem !== null && (
        <p className={classes.problem} role="alert">
          {judge.problem}
        </p>
      )}
      {isReturning ? (
        <ReturnForm judge={judge} />
      ) : (
        <Group gap="xs" grow>
          <Button
            size="sm"
            aria-label="Accept"
            disabled={!editable}
            loading={judge.isPending}
            onClick={() => judge.give('accept', '')}
          >
            Accept <kbd className={classes.key}>Y</kbd>
          </Button>
          <Button
            size="sm"
            variant="default"
            aria-label="Return"
            disabled={!editable || judge.isPending}
            onClick={() => set({ panel: 'return' })}
          >
            Return… <kbd className={classes.key}>R</kbd>
          </Button>
        </Group>
      )}
    </section>
  );
}

function ReturnForm({ judge }: { readonly judge: Judge }) {
  const set = useRead((state) => state.set);
  const [comment, setComment] = useState('');
  const isEmpty = comment.trim() === '';
  const send = (): void => {
    if (!isEmpty) judge.give('return', comment.trim());
  };
  return (
    <>
      <Textarea
        label="What has to change?"
        description="The reader sees this above the image."
        autosize
        minRows={3}
        maxRows={8}
        maxLength={4000}
        autoFocus
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
        onKeyDown={(event) => isSendKey(event) && send()}
        mb="xs"
      />
      <Group gap="xs">
        <Button
          size="compact-sm"
          disabled={isEmpty}
          loading={judge.isPending}
          onClick={send}
          aria-label="Return"
        >
          Return (Ctrl-⏎)
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => set({ panel: null })}>
          Cancel
        </Button>
      </Group>
    </>
  );
}

function isSendKey(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && (event.ctrlKey || event.metaKey);
}
