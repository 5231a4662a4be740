import { Button } from '@mantine/core';
import { useEffect } from 'react';
import { readLabel } from '../words';
import classes from './UndoNotice.module.css';
import type { Undo, useTakeBack } from './useUndo';

interface UndoNoticeProps {
  readonly undo: Undo;
  readonly back: ReturnType<typeof useTakeBack>;
}

/** Below the lists and over nothing that moves: it comes and goes without pushing anything about. */
export function UndoNotice({ undo: { read, left }, back }: UndoNoticeProps) {
  useUndoKey(read?.id ?? null, back.takeBack);
  if (back.problem !== null) {
    return (
      <div className={classes.notice} data-refused role="alert">
        {back.problem}
        <Button size="compact-sm" variant="default" onClick={back.forget}>
          All right
        </Button>
      </div>
    );
  }
  if (read === null) {
    return null;
  }
  return (
    <section className={classes.notice} aria-label="Submitted">
      <span role="status">{readLabel(read.alias, read.case_number)} submitted.</span>
      <Button
        size="compact-sm"
        variant="default"
        className={classes.button}
        loading={back.isPending}
        title="Take the submit back and go on with this case (Z)"
        onClick={() => back.takeBack(read.id)}
      >
        Undo ({left} s)
      </Button>
    </section>
  );
}

/** Z, as for strokes. */
function useUndoKey(read: number | null, takeBack: (assignment: number) => void): void {
  useEffect(() => {
    if (read === null) {
      return undefined;
    }
    const press = ({ key, repeat, ctrlKey, metaKey, altKey }: KeyboardEvent): void => {
      if (key.toLowerCase() === 'z' && !repeat && !ctrlKey && !metaKey && !altKey) {
        takeBack(read);
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [read, takeBack]);
}

/** On the row of the read in *My last ten*. */
export function UndoRowButton({ undo, back, read }: UndoNoticeProps & { readonly read: number }) {
  if (undo.read?.id !== read) {
    return null;
  }
  return (
    <Button
      size="compact-xs"
      variant="default"
      className={classes.button}
      disabled={back.isPending}
      onClick={() => back.takeBack(read)}
    >
      Undo submit ({undo.left} s)
    </Button>
  );
}
