import { Button, Progress } from '@mantine/core';
import { isPredicting, type Proposals, useAskProposal, useProposals } from '../../../api';
import { useCompareStore } from '../compare/compareStore';
import { MINE, sourceKey } from '../compare/sources';
import type { OpenedCase } from '../openCase';
import classes from './ProposalSection.module.css';
import { useKeepProposal } from './useKeepProposal';
import { type ProposedSource, useProposed } from './useProposed';

interface ProposalSectionProps {
  readonly opened: OpenedCase;
  readonly onReopen: () => void;
}

type Asked = NonNullable<Proposals['job']>;

/** What newer models make of the case while it is drawn: asked for, compared with, and taken over. */
export function ProposalSection({ opened, onReopen }: ProposalSectionProps) {
  const { assignment } = opened;
  const found = useProposals(assignment.id);
  const ask = useAskProposal(assignment.id);
  const [newest] = useProposed(assignment);
  if (assignment.role !== 'annotate' || assignment.start_from !== 'prediction') {
    return null;
  }
  const job = found.data?.job ?? null;
  const isRunning = isPredicting(job);
  return (
    <section className={classes.section} aria-label="Newer proposal">
      {newest !== undefined && <Newest source={newest} opened={opened} onReopen={onReopen} />}
      {job !== null && (isRunning || newest === undefined) && <Course job={job} />}
      {ask.error !== null && !isRunning && (
        <p className={classes.words} role="status">
          {ask.error.message}
        </p>
      )}
      {assignment.editable && (
        <Button
          size="compact-sm"
          variant="default"
          loading={ask.isPending}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => ask.mutate(isRunning ? 'DELETE' : 'POST')}
        >
          {isRunning ? 'Cancel' : 'Ask for a newer proposal'}
        </Button>
      )}
    </section>
  );
}

/** How far it is; why it did not come. */
function Course({ job }: { readonly job: Asked }) {
  const { done = 0, total = 0 } = job.progress;
  if (job.state === 'failed') {
    return (
      <p className={classes.problem} role="alert">
        {job.error}
      </p>
    );
  }
  if (job.state === 'cancelled') {
    return (
      <p className={classes.words} role="status">
        The prediction was cancelled.
      </p>
    );
  }
  const words = job.state === 'queued' ? 'Waiting for a worker…' : 'The newest model looks at this case…';
  return (
    <div role="status" className={classes.course}>
      <p className={classes.words}>{words} You can go on drawing.</p>
      <Progress
        mt={6}
        size="sm"
        animated={total === 0}
        value={total === 0 ? 100 : (100 * done) / total}
        aria-label="Progress of the prediction"
      />
    </div>
  );
}

interface NewestProps extends ProposalSectionProps {
  readonly source: ProposedSource;
}

function Newest({ source, opened, onReopen }: NewestProps) {
  const { keep, isPending, problem } = useKeepProposal(opened, onReopen);
  const base = useCompareStore(({ comparison }) => comparison?.base ?? null);
  const isCompared = base !== null && sourceKey(base) === sourceKey(source);
  const { editable } = opened.assignment;
  const compare = (): void =>
    useCompareStore.getState().start({ shown: MINE, base: source, how: 'difference', by: 'compare' });
  return (
    <>
      {!isCompared && <h3 className={classes.title}>{source.words}</h3>}
      <p className={classes.words}>
        {isCompared
          ? 'Take single structures below. Locked and other ones stay.'
          : 'Made since this case was opened. Your mask is as you left it.'}
      </p>
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      {!isCompared && (
        <Button size="compact-sm" onMouseDown={(event) => event.preventDefault()} onClick={compare}>
          Compare with it
        </Button>
      )}
      {editable && (
        <Button
          size="compact-sm"
          variant="default"
          loading={isPending}
          title="All of it, as a branch in the history, which can be put on top of your mask"
          onClick={() => keep(source.mask)}
        >
          Keep as a branch
        </Button>
      )}
    </>
  );
}
