/** Gives the keys back to the image when a control of the side column has done what it was taken for. */

/** Controls that keep keys for themselves while they have the focus. */
const CHOICES = 'select, input[type=radio], input[type=checkbox]';
/** What is around its thumbs has the focus while a slider is dragged. */
const SLIDERS = '[role=slider], :has([role=slider])';
/** Left with Enter or Escape. The others (a search, a list of choices, a comment) use these keys themselves. */
const FIELDS = 'select, [role=slider], input[inputmode=decimal], input[inputmode=numeric]';

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
    if (key === 'Enter' || key === 'Escape') leave(target, FIELDS);
  };
  const chosen = ({ target }: Event): void => {
    if (isByPointer) leave(target, CHOICES);
  };
  // A slider is let go wherever the pointer is by then.
  const released = (): void => {
    const { activeElement } = document;
    if (isByPointer && activeElement !== column && column.contains(activeElement))
      leave(activeElement, SLIDERS);
  };
  column.addEventListener('pointerdown', pressed, options);
  column.addEventListener('keydown', typed, options);
  column.addEventListener('change', chosen, options);
  // What was chosen already is chosen again without a change.
  column.addEventListener('click', (event) => isRadio(event) && chosen(event), options);
  window.addEventListener('pointerup', released, options);
  return () => listening.abort();
}

function isRadio({ target }: Event): boolean {
  return target instanceof HTMLInputElement && target.type === 'radio';
}

/** Whatever has the focus, where a list of choices was closed. */
export function leaveList(): void {
  leave(document.activeElement, 'input');
}

function leave(target: EventTarget | null, which: string): void {
  if (target instanceof HTMLElement && target.matches(which)) target.blur();
}
