/** From the press that asks for the next case to its page: nothing else is fetched, and nothing twice. */

import type { Assignment, NextCase } from '../../api';

/** What the page of a read needs may have changed when it is older. */
const KEPT_MS = 5_000;

let release: (() => void) | null = null;
let handedOver: { readonly read: Assignment; readonly at: number } | null = null;

type Taken = Pick<NextCase, 'assignment'> & { readonly read?: Assignment | null };

/** Asks for a case while scans stand back. Where one is had they do until its own is asked for. */
export async function askFirst<Answer extends Taken>(ask: () => Promise<Answer>): Promise<Answer> {
  let isAsking = true;
  const asked = ask();
  // Who only looks at the worklist has no scans on their way, and does not wait for the viewer.
  import('../../viewer').then(
    ({ holdImages }) => {
      if (isAsking) hold(holdImages);
    },
    () => undefined,
  );
  let answer: Answer | null = null;
  try {
    answer = await asked;
    return answer;
  } finally {
    isAsking = false;
    handedOver = answer?.read ? { read: answer.read, at: Date.now() } : null;
    if (answer === null || answer.assignment === null) imagesGoOn();
  }
}

function hold(holdImages: () => () => void): void {
  imagesGoOn();
  release = holdImages();
}

/** The page of the read is there, and asks for its scan. */
export function imagesGoOn(): void {
  release?.();
  release = null;
}

/** What came with the answer, once; null for any other read. */
export function takeHandedOver(id: number): Assignment | null {
  const kept = handedOver;
  handedOver = null;
  return kept !== null && kept.read.id === id && Date.now() - kept.at < KEPT_MS ? kept.read : null;
}
