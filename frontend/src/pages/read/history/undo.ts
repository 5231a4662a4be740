/** Undo of the page: what was drawn since the case was opened, then the reader's earlier revisions. */

import type { PastRevisions } from '../../../session';
import { isReadOnly, useCompareStore } from '../compare/compareStore';
import { useRead } from '../readStore';

let past: PastRevisions | null = null;

/** The open case lends its past; null takes it back. */
export function lendPast(revisions: PastRevisions | null): void {
  past = revisions;
}

export function undo(): void {
  const { port } = useRead.getState();
  // Nobody undoes what is not seen.
  if (port === null || isReadOnly(useCompareStore.getState().comparison)) {
    return;
  }
  if (!port.undo() && past?.canUndo) {
    void undoRevision(past);
  }
}

async function undoRevision(revisions: PastRevisions): Promise<void> {
  try {
    const record = await revisions.undo();
    const { port } = useRead.getState();
    if (record !== null && revisions === past) {
      port?.noteUndone(record);
    }
  } catch {
    // Without the server there is nothing to undo with; the badge says that it cannot be reached.
  }
}
