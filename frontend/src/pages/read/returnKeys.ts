/** Gives the keys back to the image when a control of the side column has done what it was taken for. */

/** Controls that keep keys for themselves while they have the focus. */
const KEEPERS = 'select, input[type=radio], input[type=checkbox]';

/**
 * A choice made with the pointer is done with. One made with the arrow keys may be on its way to the next, so that
 * the focus stays until Enter or Escape. Returns the way to stop.
 */
export function returnKeys(column: HTMLElement): () => void {
  let isByPointer = false;
  const listening = new AbortController();
  const options = { capture: true, signal: listening.signal };
  const pressed = (): void => {
    isByPointer = true;
  };
  const typed = ({ key, target }: KeyboardEvent): void => {
    isByPointer = false;
    if (key === 'Enter' || key === 'Escape') leave(target, 'select');
  };
  const chosen = ({ target }: Event): void => {
    if (isByPointer) leave(target, KEEPERS);
  };
  column.addEventListener('pointerdown', pressed, options);
  column.addEventListener('keydown', typed, options);
  column.addEventListener('change', chosen, options);
  return () => listening.abort();
}

/** Whatever has the focus, where a list of choices was closed. */
export function leaveList(): void {
  leave(document.activeElement, 'input');
}

function leave(target: EventTarget | null, which: string): void {
  if (target instanceof HTMLElement && target.matches(which)) target.blur();
}
