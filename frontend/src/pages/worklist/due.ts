/** By when a read is due, in words, and in what order reads with and without a date stand. */

const DAY_MS = 86_400_000;
const DAYS_BY_NAME = 6;

export interface Due {
  /** `due Friday`, `due today`, `was due 3 Mar`. */
  readonly words: string;
  readonly isPressing: boolean;
}

export function dueWords(iso: string, now: Date): Due {
  const due = new Date(iso);
  const days = Math.round((startOfDay(due) - startOfDay(now)) / DAY_MS);
  if (due < now) {
    return { words: days === 0 ? 'was due today' : `was due ${dayWords(due, days)}`, isPressing: true };
  }
  return { words: `due ${dayWords(due, days)}`, isPressing: days <= 1 };
}

function dayWords(due: Date, days: number): string {
  if (days === 0) {
    return 'today';
  }
  if (Math.abs(days) === 1) {
    return days === 1 ? 'tomorrow' : 'yesterday';
  }
  const options: Intl.DateTimeFormatOptions =
    days > 0 && days <= DAYS_BY_NAME ? { weekday: 'long' } : { day: 'numeric', month: 'short' };
  return due.toLocaleDateString('en-GB', options);
}

function startOfDay(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

/** As the queue gives them: by date, then those without one, which keep their order. */
export function byDue<Read extends { readonly due_at: string | null }>(
  reads: readonly Read[],
): readonly Read[] {
  const time = ({ due_at: due }: Read): number => (due === null ? Number.MAX_VALUE : Date.parse(due));
  return reads.toSorted((a, b) => time(a) - time(b));
}
