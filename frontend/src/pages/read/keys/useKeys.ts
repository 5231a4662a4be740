import { useEffect, useRef } from 'react';
import { bindingsFor, type KeyBinding, type KeyContext } from './keys';

/** Listens on the whole page, but leaves text fields and open controls their own keys. */
export function useKeys(context: KeyContext): void {
  const latest = useRef(context);
  useEffect(() => {
    latest.current = context;
  });
  const { isReview } = context;
  useEffect(() => listen(isReview, () => latest.current), [isReview]);
}

function listen(isReview: boolean, context: () => KeyContext): () => void {
  const bindings = bindingsFor(isReview);
  let held: KeyBinding | null = null;
  const release = (): void => {
    held?.release?.();
    held = null;
  };
  const down = (event: KeyboardEvent): void => {
    const binding = takesKeys(event) ? undefined : bindings.find(({ matches }) => matches(event));
    if (binding === undefined) {
      return;
    }
    event.preventDefault();
    const isHeld = binding.release !== undefined;
    if (isHeld && !event.repeat) {
      release();
      held = binding;
    }
    if (!isHeld || !event.repeat) {
      binding.press(context(), event);
    }
  };
  const up = (event: KeyboardEvent): void => {
    if (held?.matches(event) || event.key === 'Meta') {
      release();
    }
  };
  window.addEventListener('keydown', down);
  window.addEventListener('keyup', up);
  // A key let go in another window is never heard of here.
  window.addEventListener('blur', release);
  return () => {
    release();
    window.removeEventListener('keydown', down);
    window.removeEventListener('keyup', up);
    window.removeEventListener('blur', release);
  };
}

function takesKeys(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement) || event.key === 'Escape') {
    return false;
  }
  const writes = target.closest('input:not([type=range]), textarea, select, [contenteditable=true]') !== null;
  const presses =
    (event.key === 'Enter' || event.key === 'Tab') && target.closest('button, a, [role=slider]') !== null;
  return writes || presses;
}
