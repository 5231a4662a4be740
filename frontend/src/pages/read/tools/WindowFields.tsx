import { TextInput } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import { signed } from '../../words';
import { useShownKey } from '../keys/keyStore';
import { windowIn } from '../layout/typed';
import { useRead } from '../readStore';
import { Line } from './panels/controls';
import controls from './panels/controls.module.css';
import { WINDOW_WIDTH_FIELD } from './windowField';

type Part = 'width' | 'level';

/** Width and centre of the window as figures; taken with Enter or when the field is left. */
export function WindowFields() {
  const window = useRead((state) => state.window);
  const set = useRead((state) => state.set);
  const key = useShownKey('window.type');
  const [typed, setTyped] = useState<Partial<Record<Part, string>>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const shown: Record<Part, string> = {
    width: typed.width ?? String(Math.round(window.width)),
    level: typed.level ?? signed(window.level, 0),
  };
  const forget = (): void => {
    setTyped({});
    setProblem(null);
  };
  const take = (): void => {
    // What was only looked at keeps its fractions.
    if (typed.width === undefined && typed.level === undefined) return;
    const taken = windowIn(shown.width, shown.level);
    if ('problem' in taken) {
      setProblem(taken.problem);
      return;
    }
    forget();
    set({ window: taken.value });
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') forget();
    else if (event.key === 'Enter') take();
  };
  const field = (part: Part, label: string, id?: string) => (
    <TextInput
      {...(id === undefined ? {} : { id })}
      className={controls.bound ?? ''}
      size="xs"
      inputMode="numeric"
      aria-label={label}
      title={key === '' ? label : `${label} (${key})`}
      value={shown[part]}
      onChange={(event) => setTyped({ ...typed, [part]: event.currentTarget.value })}
      onFocus={(event) => event.currentTarget.select()}
      onKeyDownCapture={keys}
      onBlur={take}
    />
  );
  return (
    <>
      <Line label="Window">
        {field('width', 'Window width, HU', WINDOW_WIDTH_FIELD)}
        <span aria-hidden>at</span>
        {field('level', 'Window centre, HU')}
        <span className={controls.unit}>HU</span>
      </Line>
      {problem !== null && (
        <p className={controls.problem} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
