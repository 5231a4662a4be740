/** One tab per assignment: two tabs drawing on one mask would answer each other with conflicts. */

/** Gives a function that releases the lock, or null while another tab of this browser holds it. */
export function lockAssignment(assignment: number): Promise<(() => void) | null> {
  if (!('locks' in navigator)) {
    // Without the Web Locks API (plain http) the server's revision check still refuses the second tab.
    return Promise.resolve(() => undefined);
  }
  return new Promise((settle) => {
    const held = navigator.locks.request(
      `delineate-assignment-${assignment}`,
      { ifAvailable: true },
      (lock) => {
        if (lock === null) {
          settle(null);
          return undefined;
        }
        return new Promise<void>((release) => settle(release));
      },
    );
    held.catch(() => settle(() => undefined));
  });
}
