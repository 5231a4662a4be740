import { Button, Group, Textarea, UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import type { ErrorCode } from '../../../api';
import { ERROR_CODES } from '../../words';
import { useRead } from '../readStore';
import classes from './PinForm.module.css';
import { usePinStore } from './pinStore';

const CODES = Object.keys(ERROR_CODES) as readonly ErrorCode[];

/** What is wrong at the crosshair, in the active structure: a code, and words where they help. */
export function PinForm() {
  const set = useRead((state) => state.set);
  const name = useRead((state) => state.active?.name ?? null);
  const problem = usePinStore((state) => state.problem);
  const [code, setCode] = useState<ErrorCode>('missing');
  const [text, setText] = useState('');
  const [isPending, setPending] = useState(false);
  const save = async (): Promise<void> => {
    setPending(true);
    const isKept = await usePinStore.getState().drop(code, text.trim());
    setPending(false);
    if (isKept) set({ panel: null });
  };
  const onKey = (event: KeyboardEvent): void => {
    const chosen = event.altKey ? CODES[Number(event.code.replace('Digit', '')) - 1] : undefined;
    if (chosen !== undefined) {
      event.preventDefault();
      setCode(chosen);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void save();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      set({ panel: null });
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the fields in it
    <div onKeyDown={onKey}>
      <p className={classes.title}>Pin at the crosshair · {name ?? 'no structure'}</p>
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <Codes code={code} onChoose={setCode} />
      <Textarea
        size="xs"
        aria-label="What is wrong here"
        placeholder="What is wrong here (may stay empty)"
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        autoFocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        mb="xs"
      />
      <Group gap="xs">
        <Button size="compact-sm" loading={isPending} disabled={name === null} onClick={() => void save()}>
          Pin (⏎)
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => set({ panel: null })}>
          Cancel
        </Button>
      </Group>
    </div>
  );
}

interface CodesProps {
  readonly code: ErrorCode;
  readonly onChoose: (code: ErrorCode) => void;
}

function Codes({ code, onChoose }: CodesProps) {
  return (
    <div className={classes.codes} role="radiogroup" aria-label="Error">
      {CODES.map((one, at) => (
        <UnstyledButton
          key={one}
          className={classes.code}
          role="radio"
          aria-checked={one === code}
          title={`Alt-${at + 1}`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(one)}
        >
          <span className={classes.digit}>{at + 1}</span> {ERROR_CODES[one]}
        </UnstyledButton>
      ))}
    </div>
  );
}
