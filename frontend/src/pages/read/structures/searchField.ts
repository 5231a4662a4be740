/** The search field of the list, for the key that leads to it from anywhere. */
import { flushSync } from 'react-dom';
import { useRead } from '../readStore';

export const SEARCH_FIELD = 'structure-search';

/** At once: the letter typed next belongs into the field already. */
export function focusSearch(): void {
  flushSync(() => useRead.getState().set({ tab: 'structures' }));
  const field = document.getElementById(SEARCH_FIELD);
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}
