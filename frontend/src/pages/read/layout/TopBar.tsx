import { Button, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconHelp } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { SaveState } from '../../../session';
import { caseLabel, clock, saveBadge, saveSentence } from '../../words';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { SubmitButton } from '../saving/SubmitButton';
import classes from './TopBar.module.css';

interface TopBarProps {
  readonly opened: OpenedCase;
  readonly save: SaveState;
  readonly seconds: number;
}

export function TopBar({ opened, save, seconds }: TopBarProps) {
  const { assignment } = opened;
  const { role, purpose, model_version: version, project } = assignment;
  const set = useRead((state) => state.set);
  const isHelpOpen = useRead((state) => state.panel === 'keys');
  return (
    <header className={classes.bar}>
      <Link to="/worklist" search={{ project: project.id }} className={classes.back}>
        <IconChevronLeft size={16} aria-hidden /> Worklist
      </Link>
      <h1 className={classes.case}>{caseLabel(assignment.case.number)}</h1>
      <span className={classes.about} title={assignment.case.name}>
        {role === 'review' && 'review · '}
        {purpose} · {version === null ? 'from scratch' : `from model ${version}`}
      </span>
      <span className={classes.space} />
      <SaveBadge save={save} />
      <span className={classes.time} title="Active time, counted by the server">
        {clock(seconds)} active
      </span>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        aria-expanded={isHelpOpen}
        leftSection={<IconHelp size={16} aria-hidden />}
        onClick={() => set({ panel: isHelpOpen ? null : 'keys' })}
      >
        Help
      </Button>
      {role !== 'review' && <SubmitButton opened={opened} />}
    </header>
  );
}

function SaveBadge({ save }: { readonly save: SaveState }) {
  return (
    <Tooltip label={saveSentence(save)} multiline maw={320} openDelay={300}>
      <span className={classes.save} data-testid="save-badge" data-state={save.kind} role="status">
        {saveBadge(save)}
      </span>
    </Tooltip>
  );
}
