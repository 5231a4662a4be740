import { TextInput } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import type { VoiWindow } from '../../../viewer';
import { signed } from '../../words';
import { useShownKey } from '../keys/keyStore';
import { windowIn } from '../layout/typed';
import { useRead } from '../readStore';
import { Line } from './panels/controls';
import controls from './panels/controls.module.css';
import { WINDOW_WIDTH_FIELD } from './windowField';

type Part = 'width' | 'level';

/** What was typed and not taken yet; it goes when the window becomes another one. */
interface Draft extends Partial<Record<Part, string>> {
  readonly over: VoiWindow;
  readonly problem: string | null;
}

/** Width and centre of the window as figures; taken with Enter or when the field is left. */
export function WindowFields() {
  const window = useRead((state) => state.window);
  const set = useRead((state) => state.set);
  const key = useShownKey('window.type');
  const [draft, setDraft] = useState<Draft | null>(null);
  const typed = draft?.over === window ? draft : null;
  const shown: Record<Part, string> = {
    width: typed?.width ?? String(Math.round(window.width)),
    level: typed?.level ?? signed(window.level, 0),
  };
  const take = (): void => {
    // What was only looked at keeps its fractions.
    if (typed === null) return;
    const taken = windowIn(shown.width, shown.level);
    if ('problem' in taken) {
      setDraft({ ...typed, problem: taken.problem });
      return;
    }
    setDraft(null);
    set({ window: taken.value });
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') setDraft(null);
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
      onChange={({ currentTarget }) =>
        setDraft({ ...typed, over: window, problem: typed?.problem ?? null, [part]: currentTarget.value })
      }
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
      {typed !== null && typed.problem !== null && (
        <p className={controls.problem} role="alert">
          {typed.problem}
        </p>
      )}
    </>
  );
}
