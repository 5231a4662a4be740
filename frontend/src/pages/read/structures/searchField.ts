/** The search field of the list, for the key that leads to it from anywhere. */
import { useRead } from '../readStore';

export const SEARCH_FIELD = 'structure-search';

export function focusSearch(): void {
  useRead.getState().set({ tab: 'structures' });
  // The list may only now be put in place.
  requestAnimationFrame(() => document.getElementById(SEARCH_FIELD)?.focus());
}
