/** What parts of the page lend to the keys and the command palette; a part lends it for as long as it is there. */

export interface Handlers {
  /** Next or previous region that the model is unsure of. */
  readonly walkRegions: (by: 1 | -1) => void;
  /** Next or previous change to the prediction, in a review. */
  readonly walkChanges: (by: 1 | -1) => void;
  readonly submit: () => void;
  /** A verdict on the active structure, in a review. */
  readonly accept: () => void;
  readonly return: () => void;
  /** The verdict on the whole, or the adjudication: asks where something is left. */
  readonly finish: () => void;
  /** A pin at the crosshair, in a review. */
  readonly pin: () => void;
  readonly walkPins: (by: 1 | -1) => void;
  /** The difference that is shown, in an adjudication. */
  readonly takeA: () => void;
  readonly takeB: () => void;
  readonly takeMajority: () => void;
  /** The active structure, which the reader left out, is completed by the reviewer; or not after all. */
  readonly complete: () => void;
  /** Sends what waits in the save queue now. */
  readonly save: () => void;
  readonly toggleHeatMap: () => void;
  readonly toggleDifference: () => void;
  /** Two masks side by side, and back. */
  readonly toggleBeside: () => void;
}

export type HandlerName = keyof Handlers;

const lent = new Map<HandlerName, (by: 1 | -1) => void>();

/** Returns the way to take it back. A later part replaces an earlier one. */
export function lend(handlers: Partial<Handlers>): () => void {
  const entries = Object.entries(handlers) as [HandlerName, (by: 1 | -1) => void][];
  for (const [name, handler] of entries) {
    lent.set(name, handler);
  }
  return () => {
    for (const [name, handler] of entries) {
      if (lent.get(name) === handler) {
        lent.delete(name);
      }
    }
  };
}

/** Does nothing where no part lends it: false then. */
export function call(name: HandlerName, by: 1 | -1 = 1): boolean {
  const handler = lent.get(name);
  handler?.(by);
  return handler !== undefined;
}
