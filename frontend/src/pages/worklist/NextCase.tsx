import { Text, UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  type AssignmentRole,
  type NextCase as Taken,
  useAdjudications,
  useTakeAdjudication,
  useTakeNext,
  type Worklist,
} from '../../api';
import { askFirst } from '../upcoming/goOn';
import { duration } from '../words';
import classes from './NextCase.module.css';

interface NextCaseProps {
  readonly project: number;
  readonly next: Worklist['next'];
  readonly isFirst: boolean;
}

export function NextCase({ project, next, isFirst }: NextCaseProps) {
  return (
    <ReadButton
      project={project}
      read="annotate"
      label="Next case"
      isFirst={isFirst}
      available={next.available}
      words={
        next.available
          ? caseWords(next)
          : 'No case is ready for you. New cases come with the next predictions.'
      }
    />
  );
}

function caseWords(next: Worklist['next']): string {
  const start =
    next.model_version === null
      ? 'Starts from scratch'
      : `Starts from the prediction of model ${next.model_version}`;
  const time = next.median_seconds === null ? null : `about ${duration(next.median_seconds)}`;
  // A case that is taken already but not begun counts as available without anything waiting.
  const more = next.waiting !== null && next.waiting > 0 ? `${next.waiting} waiting` : null;
  return [start, time, more].filter((part) => part !== null).join(' · ');
}

interface NextReviewProps {
  readonly project: number;
  readonly reviews: Worklist['reviews'];
  readonly isFirst: boolean;
}

export function NextReview({ project, reviews, isFirst }: NextReviewProps) {
  const available = reviews.waiting + reviews.in_progress.length > 0;
  return (
    <ReadButton
      project={project}
      read="review"
      label="Next review"
      isFirst={isFirst}
      available={available}
      words={`${reviews.waiting} waiting for a reviewer`}
    />
  );
}

/** Only while there is one: two reads that differ are rare. */
export function NextAdjudication({ project }: { readonly project: number }) {
  const waiting = useAdjudications(project, true).data?.waiting ?? 0;
  const take = useTakeAdjudication(project);
  if (waiting === 0) {
    return null;
  }
  return (
    <BigButton
      take={take.mutateAsync}
      isPending={take.isPending}
      isReview
      label="Next adjudication"
      isFirst={false}
      available
      words={waiting === 1 ? '1 pair of reads differs' : `${waiting} pairs of reads differ`}
    />
  );
}

interface ReadButtonProps extends Omit<BigButtonProps, 'take' | 'isPending' | 'isReview'> {
  readonly project: number;
  readonly read: AssignmentRole;
}

function ReadButton({ project, read, ...rest }: ReadButtonProps) {
  const take = useTakeNext(project);
  return (
    <BigButton
      {...rest}
      take={() => take.mutateAsync(read)}
      isPending={take.isPending}
      isReview={read === 'review'}
    />
  );
}

interface BigButtonProps {
  readonly take: () => Promise<Pick<Taken, 'assignment' | 'detail'>>;
  readonly isPending: boolean;
  readonly isReview: boolean;
  readonly label: string;
  readonly words: string;
  readonly available: boolean;
  /** The one that Enter presses on arrival. */
  readonly isFirst: boolean;
}

function BigButton({ take, isPending, isReview, label, words, available, isFirst }: BigButtonProps) {
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const open = async (): Promise<void> => {
    setProblem(null);
    try {
      const { assignment, detail } = await askFirst(take);
      if (assignment === null) {
        setProblem(detail);
        return;
      }
      const to = isReview ? '/review/$assignmentId' : '/annotate/$assignmentId';
      await navigate({ to, params: { assignmentId: String(assignment) } });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div className={classes.box}>
      <UnstyledButton
        className={classes.button}
        data-first={isFirst || undefined}
        autoFocus={isFirst && available}
        disabled={!available || isPending}
        onClick={() => void open()}
      >
        <span className={classes.label}>{label}</span>
        <span className={classes.words}>{words}</span>
      </UnstyledButton>
      <Text className={classes.problem} role="status">
        {problem}
      </Text>
    </div>
  );
}
