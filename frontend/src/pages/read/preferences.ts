/** The reader's own settings, kept on the server, so that they are the same at every workstation. */
import { ApiError, fetchPreferences, type Preferences, savePreferences } from '../../api';

let known: Preferences | null = null;
let reading: Promise<Preferences | null> | null = null;
let saving: Promise<void> = Promise.resolve();
/** Rises with every change: an answer that was asked for before it knows nothing of it. */
let changes = 0;

/** Calls `use` with what is kept; waits for it only where nothing was read before. */
export async function loadPreferences(
  use: (kept: Preferences) => void,
  fail: (reason: string) => void,
): Promise<void> {
  const isFirst = known === null;
  reading ??= read();
  const used = reading.then(
    (kept) => kept !== null && use(kept),
    (error: unknown) => fail(sentenceOf(error)),
  );
  if (isFirst) await used;
}

/** Null where something was changed meanwhile. */
async function read(): Promise<Preferences | null> {
  const before = changes;
  try {
    const kept = await fetchPreferences();
    if (changes !== before) return null;
    known = kept;
    return kept;
  } finally {
    reading = null;
  }
}

/** One change after the other, as each replaces all of them. The answer is why it is not kept, or null. */
export function changePreferences(change: (kept: Preferences) => Preferences): Promise<string | null> {
  changes += 1;
  const saved = saving.then(async () => {
    // What else is remembered must be known before.
    known ??= await fetchPreferences();
    known = await savePreferences(change(known));
  });
  saving = saved.catch(() => undefined);
  return saved.then(() => null, sentenceOf);
}

function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'The server could not be reached.';
}
