import { Text, UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type AssignmentRole, useTakeNext, type Worklist } from '../../api';
import { duration } from '../words';
import classes from './NextCase.module.css';

interface NextCaseProps {
  readonly project: number;
  readonly next: Worklist['next'];
  readonly isFirst: boolean;
}

export function NextCase({ project, next, isFirst }: NextCaseProps) {
  return (
    <BigButton
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
  const more = next.waiting > 0 ? `${next.waiting} waiting` : null;
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
    <BigButton
      project={project}
      read="review"
      label="Next review"
      isFirst={isFirst}
      available={available}
      words={`${reviews.waiting} waiting for a reviewer`}
    />
  );
}

interface BigButtonProps {
  readonly project: number;
  readonly read: AssignmentRole;
  readonly label: string;
  readonly words: string;
  readonly available: boolean;
  /** The one that Enter presses on arrival. */
  readonly isFirst: boolean;
}

function BigButton({ project, read, label, words, available, isFirst }: BigButtonProps) {
  const take = useTakeNext(project);
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  const open = async (): Promise<void> => {
    setProblem(null);
    try {
      const { assignment, detail } = await take.mutateAsync(read);
      if (assignment === null) {
        setProblem(detail);
        return;
      }
      const to = read === 'review' ? '/review/$assignmentId' : '/annotate/$assignmentId';
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
        disabled={!available || take.isPending}
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
