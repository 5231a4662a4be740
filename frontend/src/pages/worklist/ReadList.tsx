import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AssignmentSummary, Verdict } from '../../api';
import { duration, readLabel, startLabel, VERDICTS, when } from '../words';
import { byDue, dueWords } from './due';
import classes from './ReadList.module.css';

interface ReadListProps<Read extends AssignmentSummary> {
  readonly title: string;
  readonly reads: readonly Read[];
  readonly needsYou?: boolean;
  readonly describe?: (read: Read) => ReactNode;
  /** What can be done with a read without opening it. */
  readonly act?: (read: Read) => ReactNode;
  /** What stands there for no reads; without it the whole list is left out. */
  readonly empty?: string | undefined;
}

export function ReadList<Read extends AssignmentSummary>(props: ReadListProps<Read>) {
  const { title, reads, needsYou = false, describe, act, empty } = props;
  if (reads.length === 0 && empty === undefined) {
    return null;
  }
  return (
    <section className={classes.section} aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      {reads.length === 0 && <p className={classes.empty}>{empty}</p>}
      <ul className={classes.list}>
        {byDue(reads).map((read) => (
          <li key={read.id}>
            <ReadRow read={read} needsYou={needsYou} description={describe?.(read)} />
            {act !== undefined && <span className={classes.act}>{act(read)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const PAGES = {
  annotate: '/annotate/$assignmentId',
  review: '/review/$assignmentId',
  adjudicate: '/review/$assignmentId',
} as const;

interface ReadRowProps {
  readonly read: AssignmentSummary;
  readonly needsYou: boolean;
  readonly description: ReactNode;
}

function ReadRow({ read, needsYou, description }: ReadRowProps) {
  return (
    <Link
      to={PAGES[read.role]}
      params={{ assignmentId: String(read.id) }}
      className={classes.row}
      data-needs-you={needsYou || undefined}
    >
      <span className={classes.number}>{readLabel(read.alias, read.case_number)}</span>
      <span className={classes.name}>{read.case_name}</span>
      <span className={classes.description}>{description}</span>
      {read.due_at !== null && isOpen(read) && <DueWords at={read.due_at} />}
      <span className={classes.start}>{startWords(read)}</span>
      <span className={classes.time}>{read.active_seconds > 0 ? duration(read.active_seconds) : ''}</span>
      <time className={classes.when} dateTime={read.updated_at}>
        {when(read.updated_at)}
      </time>
    </Link>
  );
}

/** What is handed in is due no more. */
function isOpen({ state }: AssignmentSummary): boolean {
  return state === 'open' || state === 'returned';
}

function DueWords({ at }: { readonly at: string }) {
  const { words, isPressing } = dueWords(at, new Date());
  return (
    <time className={classes.due} dateTime={at} title={when(at)} data-pressing={isPressing || undefined}>
      {words}
    </time>
  );
}

function startWords(read: AssignmentSummary): string {
  const start = read.role === 'annotate' ? startLabel(read.start_from, read.model_version) : read.role;
  return read.purpose === null ? start : `${read.purpose} · ${start}`;
}

export function VerdictWord({ verdict }: { readonly verdict: Verdict | null }) {
  return (
    <span className={classes.verdict} data-verdict={verdict ?? 'none'}>
      {verdict === null ? 'handed in' : VERDICTS[verdict]}
    </span>
  );
}
