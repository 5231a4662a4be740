import { Button, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import classes from './CopyField.module.css';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  readonly description?: string;
}

/** Something to be taken elsewhere. Where the browser gives pages no clipboard (plain HTTP), it is selected. */
export function CopyField({ label, value, description }: CopyFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [done, setDone] = useState<'copied' | 'selected' | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
      setDone('copied');
    } catch {
      input.current?.select();
      setDone('selected');
    }
  };
  return (
    <div className={classes.field}>
      <TextInput
        ref={input}
        className={classes.input}
        label={label}
        description={description}
        value={value}
        readOnly
        spellCheck={false}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button variant="default" onClick={() => void copy()}>
        {done === 'copied' ? 'Copied' : 'Copy'}
      </Button>
      <span className={classes.said} role="status">
        {done === 'selected' && 'Selected: press Ctrl-C to copy it.'}
      </span>
    </div>
  );
}
