import { Button, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconHelp } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { SaveQueue } from '../../../session';
import { clock, readLabel, saveBadge, saveSentence, startLabel } from '../../words';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { GiveBackButton } from '../saving/GiveBackButton';
import { SkipButton } from '../saving/SkipButton';
import { SubmitButton } from '../saving/SubmitButton';
import { UndoSubmit } from '../saving/UndoSubmit';
import { useActiveSeconds, useSaveState } from '../useOpenCase';
import classes from './TopBar.module.css';
import { ViewBar } from './ViewBar';

interface TopBarProps {
  readonly opened: OpenedCase;
  /** False while the buttons of the view are still to come. */
  readonly hasView: boolean;
}

const ROLES = { review: 'review', adjudicate: 'adjudication' } as const;

export function TopBar({ opened, hasView }: TopBarProps) {
  const { assignment, prediction, queue } = opened;
  const { role, purpose, model_version: version, project } = assignment;
  const isReview = role === 'review';
  return (
    <header className={classes.bar}>
      <Link to="/worklist" search={{ project: project.id }} className={classes.back}>
        <IconChevronLeft size={16} aria-hidden /> Worklist
      </Link>
      <h1 className={classes.case}>{readLabel(assignment.alias, assignment.case?.number)}</h1>
      <span className={classes.about} title={assignment.case?.name}>
        {[
          role === 'annotate' ? null : ROLES[role],
          purpose,
          role === 'annotate' ? startLabel(assignment.start_from, version) : null,
        ]
          .filter((words) => words !== null)
          .join(' · ')}
      </span>
      {hasView ? (
        <ViewBar isReview={isReview} hasPrediction={prediction !== null} />
      ) : (
        <span className={classes.view} />
      )}
      <SaveBadge queue={queue} />
      <ActiveTime opened={opened} />
      <Help />
      {role === 'annotate' && <UndoSubmit project={project.id} />}
      <GiveBackButton opened={opened} />
      <SkipButton opened={opened} />
      {role === 'annotate' && <SubmitButton opened={opened} />}
    </header>
  );
}

function SaveBadge({ queue }: { readonly queue: SaveQueue }) {
  const save = useSaveState(queue);
  return (
    <Tooltip label={saveSentence(save)} multiline maw={320} openDelay={300}>
      <span className={classes.save} data-testid="save-badge" data-state={save.kind} role="status">
        {saveBadge(save)}
      </span>
    </Tooltip>
  );
}

/** On its own, because it counts every second. */
function ActiveTime({ opened }: { readonly opened: OpenedCase }) {
  const seconds = useActiveSeconds(opened);
  return (
    <span className={classes.time} title="Active time, counted by the server">
      {clock(seconds)} active
    </span>
  );
}

function Help() {
  const isOpen = useRead((state) => state.panel === 'keys');
  const set = useRead((state) => state.set);
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      aria-expanded={isOpen}
      leftSection={<IconHelp size={16} aria-hidden />}
      onClick={() => set({ panel: isOpen ? null : 'keys' })}
    >
      Help
    </Button>
  );
}
