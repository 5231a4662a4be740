/** One tab per assignment: two tabs drawing on one mask would answer each other with conflicts. */

/** A closed or reloaded tab gives its lock back when the browser has ended it, a moment after it is gone from view. */
const PATIENCE_MS = 2_000;

/** Gives a function that releases the lock, or null while another tab of this browser holds it. */
export function lockAssignment(assignment: number): Promise<(() => void) | null> {
  if (!('locks' in navigator)) {
    // Without the Web Locks API (plain http) the server's revision check still refuses the second tab.
    return Promise.resolve(() => undefined);
  }
  return new Promise((settle) => {
    const given = AbortSignal.timeout(PATIENCE_MS);
    const held = navigator.locks.request(
      `delineate-assignment-${assignment}`,
      { signal: given },
      () => new Promise<void>((release) => settle(release)),
    );
    held.catch(() => settle(given.aborted ? null : () => undefined));
  });
}
