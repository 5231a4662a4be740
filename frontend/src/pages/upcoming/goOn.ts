/** From the press that asks for the next case to its page: nothing else is fetched, and nothing twice. */

import type { Assignment, NextCase } from '../../api';

/** What the page of a read needs may have changed when it is older. */
const KEPT_MS = 5_000;

/** How often scans were told to stand back or to go on: the viewer may have loaded only after that. */
let asked = 0;
let release: (() => void) | null = null;
let handedOver: { readonly read: Assignment; readonly at: number } | null = null;

type Taken = Pick<NextCase, 'assignment'> & { readonly read?: Assignment | null };

/** From here on scans stand back, until `imagesGoOn`; a few seconds at most. */
export function imagesStandBack(): void {
  asked += 1;
  const now = asked;
  // Who only looks at the worklist has no scans on their way, and does not wait for the viewer.
  import('../../viewer').then(
    ({ holdImages }) => {
      if (now !== asked) return;
      const before = release;
      release = holdImages();
      before?.();
    },
    () => undefined,
  );
}

/** Asks for a case while scans stand back. Where one is had they do until its own is asked for. */
export async function askFirst<Answer extends Taken>(ask: () => Promise<Answer>): Promise<Answer> {
  imagesStandBack();
  handedOver = null;
  let answer: Answer | null = null;
  try {
    answer = await ask();
    if (answer.read) handedOver = { read: answer.read, at: Date.now() };
    return answer;
  } finally {
    if (answer === null || answer.assignment === null) imagesGoOn();
  }
}

/** The page of the read is there, and asks for its scan; or there will be none. */
export function imagesGoOn(): void {
  asked += 1;
  release?.();
  release = null;
}

/** What came with the answer, once; null for any other read. */
export function takeHandedOver(id: number): Assignment | null {
  const kept = handedOver;
  handedOver = null;
  return kept !== null && kept.read.id === id && Date.now() - kept.at < KEPT_MS ? kept.read : null;
}
