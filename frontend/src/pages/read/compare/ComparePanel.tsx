import { Button, CloseButton, NativeSelect, SegmentedControl, UnstyledButton } from '@mantine/core';
import { memo, type ReactNode, useId } from 'react';
import type { Assignment, Structure } from '../../../api';
import { PLANES, type Plane } from '../../../voxels';
import { score } from '../../words';
import { call } from '../keys/handlers';
import { useShownKey } from '../keys/keyStore';
import type { OpenedCase } from '../openCase';
import { ProposalSection } from '../proposal/ProposalSection';
import { useProposed } from '../proposal/useProposed';
import { useRead } from '../readStore';
import { useSizeWords } from '../sizes';
import classes from './ComparePanel.module.css';
import { type Comparison, type How, useCompareStore } from './compareStore';
import { changed_ml, type Overlap } from './overlap';
import { MINE, PREDICTION, type Source, sourceKey, sourcesOf, sourceWords } from './sources';
import { useBesidePlane } from './useBeside';
import { goToChange } from './useCompare';

const PLANE_NAMES: Readonly<Record<Plane, string>> = {
  axial: 'Axial',
  sagittal: 'Sagittal',
  coronal: 'Coronal',
};

interface ComparePanelProps {
  readonly opened: OpenedCase;
  readonly onReopen: () => void;
}

/** Any two masks of the case: drawn one against the other, and in figures. */
export function ComparePanel({ opened, onReopen }: ComparePanelProps) {
  const { assignment } = opened;
  const proposed = useProposed(assignment);
  const comparison = useCompareStore((state) => state.comparison);
  const { start, stop } = useCompareStore.getState();
  const shownKey = useShownKey('view.beside');
  const sources = withCurrent([...sourcesOf(assignment), ...proposed], comparison);
  const base = sources.find(({ kind }) => kind !== 'mine');
  if (base === undefined) {
    return (
      <section className={classes.section} aria-label="Compare">
        <p className={classes.quiet}>
          There is nothing to compare with yet: this case has no prediction. Earlier revisions of your mask
          are in the history.
        </p>
      </section>
    );
  }
  return (
    <section className={classes.section} aria-label="Compare">
      {comparison === null ? (
        <div className={classes.start}>
          <p className={classes.quiet}>
            See what one mask adds and takes away against another, for each structure.
          </p>
          <Button
            size="compact-sm"
            onClick={() => start({ shown: MINE, base, how: 'difference', by: 'compare' })}
          >
            Compare with {lower(base, assignment)}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => call('toggleBeside')}>
            Side by side{shownKey === '' ? '' : ` (${shownKey})`}
          </Button>
        </div>
      ) : (
        <Controls assignment={assignment} comparison={comparison} sources={sources} onStop={stop} />
      )}
      <ProposalSection opened={opened} onReopen={onReopen} />
      {comparison !== null && <Result structures={assignment.structures} />}
    </section>
  );
}

function lower(source: Source, assignment: Assignment): string {
  return source.kind === PREDICTION.kind ? 'the prediction' : sourceWords(source, assignment).toLowerCase();
}

/** A revision that was chosen in the history is a choice here too. */
function withCurrent(sources: readonly Source[], comparison: Comparison | null): Source[] {
  const all = new Map(sources.map((source) => [sourceKey(source), source]));
  for (const source of [comparison?.shown, comparison?.base]) {
    if (source) all.set(sourceKey(source), source);
  }
  return [...all.values()];
}

interface ControlsProps {
  readonly assignment: Assignment;
  readonly comparison: Comparison;
  readonly sources: readonly Source[];
  readonly onStop: () => void;
}

function Controls({ assignment, comparison, sources, onStop }: ControlsProps) {
  const { change } = useCompareStore.getState();
  const { shown, base, how } = comparison;
  return (
    <div className={classes.controls}>
      <Choice
        label="Show"
        assignment={assignment}
        sources={sources}
        chosen={shown}
        onChoose={(source) => change({ shown: source })}
        after={<CloseButton size="sm" aria-label="Stop comparing" title="Stop comparing" onClick={onStop} />}
      />
      <Choice
        label="against"
        assignment={assignment}
        sources={sources}
        chosen={base ?? shown}
        onChoose={(source) => change({ base: source })}
      />
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="How to draw it"
        data={[
          { value: 'difference', label: 'Difference' },
          { value: 'overlay', label: 'Outlines' },
          { value: 'beside', label: 'Side by side' },
        ]}
        value={how}
        onChange={(value) => change({ how: value as How })}
      />
      <PlaneChoice />
    </div>
  );
}

/** Which plane is shown twice; only while it is. */
function PlaneChoice() {
  const plane = useBesidePlane();
  const tell = useCompareStore((state) => state.tell);
  return (
    plane !== null && (
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="Plane that is shown twice"
        data={PLANES.map((value) => ({ value, label: PLANE_NAMES[value] }))}
        value={plane}
        onChange={(value) => tell({ plane: value as Plane })}
      />
    )
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly assignment: Assignment;
  readonly sources: readonly Source[];
  readonly chosen: Source;
  readonly onChoose: (source: Source) => void;
  readonly after?: ReactNode;
}

function Choice({ label, assignment, sources, chosen, onChoose, after }: ChoiceProps) {
  const id = useId();
  return (
    <div className={classes.choice}>
      <label htmlFor={id}>{label}</label>
      <NativeSelect
        id={id}
        size="xs"
        value={sourceKey(chosen)}
        data={sources.map((source) => ({ value: sourceKey(source), label: sourceWords(source, assignment) }))}
        onChange={({ currentTarget }) => {
          const found = sources.find((source) => sourceKey(source) === currentTarget.value);
          if (found !== undefined) onChoose(found);
          // The keys go back to the image.
          currentTarget.blur();
        }}
      />
      {after}
    </div>
  );
}

function Result({ structures }: { readonly structures: readonly Structure[] }) {
  const progress = useCompareStore((state) => state.progress);
  const rows = useCompareStore((state) => state.rows);
  if (progress.kind === 'failed') {
    return (
      <p className={classes.problem} role="alert">
        {progress.sentence}
      </p>
    );
  }
  if (rows === null) {
    return (
      <p className={classes.quiet} role="status">
        {progress.kind === 'fetching' ? 'Fetching the masks…' : 'Counting voxels…'}
      </p>
    );
  }
  return <OverlapTableView rows={rows} structures={structures} />;
}

const SIGNS: Readonly<Record<How, string>> = {
  difference: 'Solid is added, hatched is removed.',
  overlay: 'Dashed lines are those it is held against.',
  beside: '+ only on the left, − only on the right.',
};

interface OverlapTableViewProps {
  readonly rows: readonly Overlap[];
  readonly structures: readonly Structure[];
}

export function OverlapTableView({ rows, structures }: OverlapTableViewProps) {
  const agreed = rows.every((row) => changed_ml(row) === 0);
  const how = useCompareStore(({ comparison }) => comparison?.how ?? 'difference');
  const isTaking = useCompareStore(({ take }) => take !== null);
  const isMeasured = useRead((state) => state.isMeasured);
  return (
    <>
      <p className={classes.quiet}>{agreed ? 'The two masks are the same.' : SIGNS[how]}</p>
      <div className={classes.scroller}>
        <table className={classes.table} aria-label="Agreement by structure">
          <thead>
            <tr className={classes.head} data-taking={isTaking || undefined}>
              <th scope="col">Structure</th>
              <th scope="col">Dice</th>
              <th scope="col" title={`Added, in ${isMeasured ? 'millilitres' : 'voxels'}`}>
                + {isMeasured ? 'mL' : 'voxels'}
              </th>
              <th scope="col" title={`Removed, in ${isMeasured ? 'millilitres' : 'voxels'}`}>
                − {isMeasured ? 'mL' : 'voxels'}
              </th>
              {isTaking && <th scope="col" aria-label="From the proposal" />}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row
                key={`${row.layer}/${row.value}`}
                row={row}
                structure={structures.find(({ layer, value }) => layer === row.layer && value === row.value)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface RowProps {
  readonly row: Overlap;
  readonly structure: Structure | undefined;
}

const Row = memo(function Row({ row, structure }: RowProps) {
  const name = structure?.name ?? `value ${row.value}`;
  const take = useCompareStore((state) => state.take);
  const figure = useFigure();
  return (
    <tr
      className={classes.row}
      data-taking={take !== null || undefined}
      data-changed={changed_ml(row) > 0 || undefined}
    >
      <td>
        <UnstyledButton
          className={classes.name}
          title={`Go to where ${name} differs most`}
          // Keys stay with the image.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => goToChange(row.layer, row.value)}
        >
          <span className={classes.dot} style={{ background: structure?.colour ?? 'var(--muted)' }} />
          <span className={classes.words}>{name}</span>
        </UnstyledButton>
      </td>
      <td>{score(row.dice)}</td>
      <td>{figure(row.added_ml)}</td>
      <td>{figure(row.removed_ml)}</td>
      {take !== null && (
        <td>
          <Button
            size="compact-xs"
            variant="default"
            disabled={changed_ml(row) === 0}
            aria-label={`Take ${name} from the proposal`}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(row.layer, row.value)}
          >
            Take
          </Button>
        </td>
      )}
    </tr>
  );
});

/** The unit stands in the heading. */
function useFigure(): (volume_ml: number) => string {
  const sizeOf = useSizeWords();
  return (volume_ml) => (volume_ml > 0 ? sizeOf(volume_ml).replace(/ (mL|voxels?)$/, '') : '');
}
