import { ActionIcon, Button, Group, SegmentedControl, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Fragment, type MouseEvent, useEffect, useMemo, useState } from 'react';
import type { Assignment, RevisionEntry, Structure } from '../../../api';
import { type Comparison, isBeside, useCompareStore } from '../compare/compareStore';
import { MINE, type Source, sourceWords } from '../compare/sources';
import type { OpenedCase } from '../openCase';
import { useHead } from '../useOpenCase';
import { BranchList } from './BranchList';
import classes from './HistoryPanel.module.css';
import { dayWords, doneWords, type Stretch, stretchesOf, timeWords, voxelWords } from './timeline';
import { useRestore } from './useRestore';
import { useRevisions } from './useRevisions';

const NAMES_SHOWN = 3;

interface HistoryPanelProps {
  readonly opened: OpenedCase;
  readonly onReopen: () => void;
}

/** What was done and when; any revision can be looked at, held against the mask of now, and restored. */
export function HistoryPanel({ opened, onReopen }: HistoryPanelProps) {
  const { assignment } = opened;
  const preview = usePreview();
  const head = useHead(opened.queue);
  useEndingWithPanel();
  return (
    <section className={classes.section} aria-label="History">
      {preview !== null && <PreviewBar opened={opened} preview={preview} onReopen={onReopen} />}
      <div className={classes.scroller}>
        <BranchList opened={opened} onReopen={onReopen} />
        <Timeline
          mask={assignment.mask.id}
          head={head}
          structures={assignment.structures}
          start={startWords(assignment)}
        />
        {assignment.subject !== null && (
          <>
            <h3 className={classes.part}>Before the review</h3>
            <Timeline
              mask={assignment.subject.mask.id}
              head={assignment.subject.mask.head}
              isPast
              structures={assignment.structures}
            />
          </>
        )}
      </div>
    </section>
  );
}

interface Preview {
  readonly comparison: Comparison;
  readonly revision: Extract<Source, { kind: 'revision' }>;
}

/** The comparison is the preview's one place of truth: ending it anywhere ends the preview. */
function usePreview(): Preview | null {
  const comparison = useCompareStore((state) => state.comparison);
  if (comparison === null || comparison.by !== 'history') {
    return null;
  }
  const revision = [comparison.base, comparison.shown].find((source) => source?.kind === 'revision');
  return revision?.kind === 'revision' ? { comparison, revision } : null;
}

/** Once this panel is gone nothing says that the past is shown, or a difference to it; two panes side by side do. */
function useEndingWithPanel(): void {
  useEffect(
    () => () => {
      const { comparison, stop } = useCompareStore.getState();
      if (comparison?.by === 'history' && !isBeside(comparison)) stop();
    },
    [],
  );
}

interface PreviewBarProps extends HistoryPanelProps {
  readonly preview: Preview;
}

function PreviewBar({ opened, preview, onReopen }: PreviewBarProps) {
  const { revision, comparison } = preview;
  const { change, stop } = useCompareStore.getState();
  const progress = useCompareStore((state) => state.progress);
  const { restore, isPending, problem } = useRestore(opened, onReopen);
  const isOwn = revision.mask === opened.assignment.mask.id;
  const canRestore = opened.assignment.editable && isOwn && revision.number !== opened.queue.head;
  return (
    <div className={classes.preview} data-testid="history-preview">
      <strong>{sourceWords(revision, opened.assignment)}</strong>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="How to show it"
        data={[
          { value: 'now', label: 'Difference to now' },
          { value: 'then', label: 'As it was' },
        ]}
        value={comparison.base === null ? 'then' : 'now'}
        onChange={(value) =>
          change(
            value === 'then'
              ? { shown: revision, base: null }
              : { shown: MINE, base: revision, how: 'difference' },
          )
        }
      />
      <p className={classes.words} role="status">
        {progress.kind === 'failed' ? progress.sentence : previewWords(comparison)}
      </p>
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <Group gap="xs">
        <Button
          size="compact-sm"
          disabled={!canRestore}
          loading={isPending}
          onClick={() => restore(revision.number)}
        >
          Restore
        </Button>
        <Button size="compact-sm" variant="default" onClick={stop}>
          Back to now
        </Button>
      </Group>
    </div>
  );
}

function previewWords({ base, how }: Comparison): string {
  if (base === null) {
    return 'To look at, not to draw on. Restoring makes it the newest revision; nothing in between is lost.';
  }
  return how === 'beside'
    ? 'The left side is now, the right side is then.'
    : 'Solid was added since, hatched was removed since.';
}

interface TimelineProps {
  readonly mask: string;
  readonly head: number;
  readonly structures: readonly Structure[];
  /** What the mask began from, where that is worth looking at. */
  readonly start?: string;
  /** The mask of somebody else, before this one: none of its revisions is that of now. */
  readonly isPast?: boolean;
}

function Timeline({ mask, head, structures, start, isPast = false }: TimelineProps) {
  const { revisions, isPending, error, hasMore, fetchMore, again } = useRevisions(mask, head);
  const stretches = useMemo(() => stretchesOf(revisions), [revisions]);
  if (error !== null && revisions.length === 0) {
    return (
      <div className={classes.empty} role="alert">
        {error}{' '}
        <Button size="compact-xs" variant="default" onClick={again}>
          Try again
        </Button>
      </div>
    );
  }
  if (revisions.length === 0) {
    return (
      <p className={classes.empty}>{isPending ? 'Fetching the history…' : 'Nothing has been drawn yet.'}</p>
    );
  }
  return (
    <>
      {stretches.map((stretch, at) => (
        <Fragment key={stretch.revisions[0]?.number}>
          {dayWords(stretch.to) !== dayWords(stretches[at - 1]?.to ?? '') && (
            <h3 className={classes.day}>{dayWords(stretch.to)}</h3>
          )}
          <StretchRow mask={mask} now={isPast ? null : head} stretch={stretch} structures={structures} />
        </Fragment>
      ))}
      {hasMore && (
        <Button size="compact-sm" variant="subtle" color="gray" m={8} loading={isPending} onClick={fetchMore}>
          Earlier
        </Button>
      )}
      {!hasMore && start !== undefined && (
        <RevisionButton mask={mask} number={0} isNow={false}>
          <span className={classes.time}>Start</span>
          <span className={classes.done}>{start}</span>
        </RevisionButton>
      )}
    </>
  );
}

interface StretchRowProps {
  readonly mask: string;
  /** The revision in force; null where none is. */
  readonly now: number | null;
  readonly stretch: Stretch;
  readonly structures: readonly Structure[];
}

function StretchRow({ mask, now, stretch, structures }: StretchRowProps) {
  const [isOpen, setOpen] = useState(false);
  const newest = stretch.revisions[0]?.number ?? 0;
  const isMany = stretch.revisions.length > 1;
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <div className={classes.stretch}>
      <div className={classes.top}>
        <RevisionButton mask={mask} number={newest} isNow={newest === now}>
          <span className={classes.time}>{timeWords(stretch)}</span>
          <span className={classes.done}>{doneWords(stretch)}</span>
          <span className={classes.detail}>{detailOf(stretch, structures)}</span>
        </RevisionButton>
        {isMany && (
          <ActionIcon
            size={22}
            variant="subtle"
            color="gray"
            aria-expanded={isOpen}
            aria-label={`${isOpen ? 'Hide' : 'Show'} the ${stretch.revisions.length} revisions`}
            onMouseDown={keepKeys}
            onClick={() => setOpen(!isOpen)}
          >
            <Chevron size={15} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {isOpen &&
        stretch.revisions.map((revision) => (
          <RevisionButton
            key={revision.number}
            mask={mask}
            number={revision.number}
            isNow={revision.number === now}
          >
            <span className={classes.time}>{timeWords({ from: revision.at, to: revision.at })}</span>
            <span className={classes.done}>Revision {revision.number}</span>
            <span className={classes.detail}>{revisionDetail(revision)}</span>
          </RevisionButton>
        ))}
    </div>
  );
}

interface RevisionButtonProps {
  readonly mask: string;
  readonly number: number;
  readonly isNow: boolean;
  readonly children: React.ReactNode;
}

function RevisionButton({ mask, number, isNow, children }: RevisionButtonProps) {
  const preview = usePreview();
  const isShown = preview?.revision.mask === mask && preview.revision.number === number;
  const show = (): void => {
    const base: Source = { kind: 'revision', mask, number };
    useCompareStore.getState().start({ shown: MINE, base, how: 'difference', by: 'history' });
  };
  return (
    <UnstyledButton
      className={classes.row}
      aria-pressed={isShown}
      title={titleOf(number, isNow)}
      onMouseDown={keepKeys}
      onClick={show}
    >
      {children}
      {isNow && <span className={classes.now}>now</span>}
    </UnstyledButton>
  );
}

function titleOf(number: number, isNow: boolean): string {
  if (isNow) {
    return 'The newest revision';
  }
  return number === 0 ? 'Look at the start' : `Look at revision ${number}`;
}

/** Revision 0 is what the read began from. */
function startWords({ role, start_from, model_version }: Assignment): string {
  if (role === 'review') {
    return 'As the reader handed it in';
  }
  if (start_from === 'scratch') return 'From scratch';
  return model_version === null ? 'The prediction' : `Prediction of model ${model_version}`;
}

function detailOf(stretch: Stretch, structures: readonly Structure[]): string {
  const names = stretch.structures.map(
    (ref) =>
      structures.find(({ layer, value }) => layer === ref.layer && value === ref.value)?.name ??
      `value ${ref.value}`,
  );
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  const parts = [
    stretch.author,
    names.slice(0, NAMES_SHOWN).join(', ') + more,
    voxelWords(stretch.added, stretch.removed),
  ];
  return parts.filter((part) => part !== null && part !== '').join(' · ');
}

function revisionDetail({ events, voxels_changed }: RevisionEntry): string {
  const added = events.reduce((sum, event) => sum + event.added, 0);
  const removed = events.reduce((sum, event) => sum + event.removed, 0);
  return voxelWords(added, removed) || voxelWords(voxels_changed, 0);
}

/** A click must not take the keys away from the image. */
function keepKeys(event: MouseEvent): void {
  event.preventDefault();
}
