import { UnstyledButton } from '@mantine/core';
import type { Assignment, Structure } from '../../../api';
import { VERDICTS, when } from '../../words';
import type { Overlap } from '../compare/overlap';
import { ReadersMeasurements } from '../measurements/ReadersMeasurements';
import { useSizeWords } from '../sizes';
import { JudgeList } from './JudgeList';
import { LeftOut } from './LeftOut';
import classes from './ReviewPanel.module.css';
import type { Changes } from './useChanges';

interface ReviewPanelProps {
  readonly assignment: Assignment;
  readonly changes: Changes;
}

export function ReviewPanel({ assignment, changes }: ReviewPanelProps) {
  return (
    <>
      <JudgeList assignment={assignment} />
      <section className={classes.section} aria-label="Changes to the prediction">
        <h2 className={classes.title}>Changes to the prediction</h2>
        {!changes.isKnown && (
          <p className={classes.none}>Drawn from scratch: there is no prediction to compare with.</p>
        )}
        {changes.isCounting && <p className={classes.none}>Counting the changes…</p>}
        {changes.isKnown && !changes.isCounting && changes.list.length === 0 && (
          <p className={classes.none}>None. The prediction was taken as it is.</p>
        )}
        {changes.list.length > 0 && (
          <ul className={classes.list}>
            {changes.list.map((change, at) => (
              <li key={`${change.layer}/${change.value}`}>
                <ChangeRow
                  change={change}
                  structure={structureOf(assignment, change)}
                  isCurrent={at === changes.current}
                  onShow={() => changes.show(at)}
                />
              </li>
            ))}
          </ul>
        )}
      </section>
      <LeftOut assignment={assignment} />
      <ReadersMeasurements assignment={assignment} />
      <History assignment={assignment} />
    </>
  );
}

function structureOf({ structures }: Assignment, change: Overlap): Structure | undefined {
  return structures.find(({ layer, value }) => layer === change.layer && value === change.value);
}

interface ChangeRowProps {
  readonly change: Overlap;
  readonly structure: Structure | undefined;
  readonly isCurrent: boolean;
  readonly onShow: () => void;
}

function ChangeRow({ change, structure, isCurrent, onShow }: ChangeRowProps) {
  const name = structure?.name ?? `value ${change.value}`;
  const sizeOf = useSizeWords();
  return (
    <UnstyledButton
      className={classes.row}
      data-current={isCurrent || undefined}
      title="Go to the slice with most of this change (Tab walks the list)"
      onMouseDown={(event) => event.preventDefault()}
      onClick={onShow}
    >
      <span className={classes.dot} style={{ background: structure?.colour ?? 'var(--muted)' }} />
      <span className={classes.name}>{name}</span>
      <span className={classes.added}>{change.added_ml > 0 ? `+${sizeOf(change.added_ml)}` : ''}</span>
      <span className={classes.removed}>{change.removed_ml > 0 ? `−${sizeOf(change.removed_ml)}` : ''}</span>
    </UnstyledButton>
  );
}

function History({ assignment }: { readonly assignment: Assignment }) {
  if (assignment.comments.length === 0) {
    return null;
  }
  return (
    <section className={classes.section} aria-label="Earlier verdicts">
      <h2 className={classes.title}>Earlier verdicts</h2>
      <ul className={classes.history}>
        {assignment.comments.map(({ verdict, comment, at }) => (
          <li key={at}>
            <span className={classes.when}>
              {when(at)} · {VERDICTS[verdict]}
            </span>
            {comment}
          </li>
        ))}
      </ul>
    </section>
  );
}
