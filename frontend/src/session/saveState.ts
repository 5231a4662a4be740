/** How saving stands, in words that a page can say. `strokes` are always those that are on this computer only. */

import { ApiError, NetworkError } from '../api';

export type SaveState =
  | { readonly kind: 'saved' }
  | { readonly kind: 'saving'; readonly strokes: number }
  | { readonly kind: 'offline'; readonly strokes: number; readonly detail: string }
  /** The mask went on without these strokes; they are on their way to a branch, or `detail` says why they are not. */
  | { readonly kind: 'conflict'; readonly strokes: number; readonly detail: string }
  /** The mask went on; what was drawn here is kept by the server as the mask `branch`, and so is what follows. */
  | {
      readonly kind: 'branched';
      readonly strokes: number;
      readonly branch: string;
      /** Strokes that the branch has. */
      readonly kept: number;
      /** Why, in the server's words. */
      readonly detail: string;
    }
  | { readonly kind: 'signedOut'; readonly strokes: number; readonly detail: string }
  | { readonly kind: 'refused'; readonly strokes: number; readonly detail: string };

export type Trouble = Exclude<SaveState['kind'], 'saved' | 'saving' | 'branched'>;

export function troubleOf(error: unknown): Trouble {
  if (error instanceof NetworkError) {
    return 'offline';
  }
  if (!(error instanceof ApiError)) {
    return 'refused';
  }
  if (error.status >= 500 || error.status === 408 || error.status === 429) {
    return 'offline';
  }
  if (error.status === 401 || error.status === 403) {
    return 'signedOut';
  }
  return error.status === 409 ? 'conflict' : 'refused';
}

export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403;
}
