import { UnstyledButton } from '@mantine/core';
import type { Assignment, Component, Disagreement, Sides, Structure } from '../../../api';
import { millilitres, sizeWords } from '../../words';
import classes from './DifferencesPanel.module.css';
import { type Side, useDifferences } from './differenceStore';

const WORDS: Readonly<Record<Side | 'own', string>> = {
  a: 'A',
  b: 'B',
  majority: 'majority',
  own: 'drawn',
};

/** Where two reads differ, the worst first: the larger and the farther off, the worse. */
export function DifferencesPanel({ assignment }: { readonly assignment: Assignment }) {
  const found = useDifferences((state) => state.found);
  const problem = useDifferences((state) => state.problem);
  return (
    <section className={classes.section} aria-label="Differences">
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      {found === null && problem === null && <p className={classes.quiet}>Finding where the reads differ…</p>}
      {found !== null && <Found found={found} assignment={assignment} />}
    </section>
  );
}

interface FoundProps {
  readonly found: Disagreement;
  readonly assignment: Assignment;
}

function Found({ found, assignment }: FoundProps) {
  const { structures } = assignment;
  const of = ({ structure }: { readonly structure: string }): Structure | undefined =>
    structures.find(({ key }) => key === structure);
  if (found.components.length + found.rest.length === 0) {
    return <p className={classes.quiet}>The two reads are the same. Finish, and they are accepted.</p>;
  }
  return (
    <>
      <ol className={classes.list}>
        {found.components.map((component, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a difference is its rank, and ranks do not change
          <li key={at}>
            <Row component={component} at={at} structure={of(component)} />
          </li>
        ))}
      </ol>
      {found.components.length === 0 && (
        <p className={classes.quiet}>Nothing lies beyond the tolerance of its structure.</p>
      )}
      {found.rest.length > 0 && <h2 className={classes.title}>Within the tolerance</h2>}
      {found.rest.map((sides) => (
        <Rest key={sides.structure} sides={sides} structure={of(sides)} editable={assignment.editable} />
      ))}
      <Rates found={found} structures={structures} />
    </>
  );
}

interface RowProps {
  readonly component: Component;
  readonly at: number;
  readonly structure: Structure | undefined;
}

function Row({ component, at, structure }: RowProps) {
  const isCurrent = useDifferences((state) => state.current === at);
  const decided = useDifferences((state) => state.decided.get(at) ?? null);
  const show = useDifferences((state) => state.show);
  return (
    <UnstyledButton
      className={classes.row}
      data-current={isCurrent || undefined}
      data-decided={decided !== null || undefined}
      aria-current={isCurrent || undefined}
      title="Go there (Tab walks the list)"
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => show(at)}
    >
      <span className={classes.rank}>{at + 1}</span>
      <span className={classes.dot} style={{ background: structure?.colour ?? 'var(--muted)' }} />
      <span className={classes.name}>{structure?.name ?? component.structure}</span>
      <span className={classes.decided}>{decided === null ? '' : WORDS[decided]}</span>
      <span className={classes.about}>
        {[sizeOf(component), ...farWords(component), onlyWords(component)].join(' · ')}
      </span>
    </UnstyledButton>
  );
}

/** In millilitres; in voxels where nobody knows how large a voxel is. */
function sizeOf({ voxels, volume_ml }: Pick<Sides, 'voxels' | 'volume_ml'>): string {
  return volume_ml === null ? sizeWords(voxels, 1, false) : millilitres(volume_ml);
}

function farWords({ distance_mm }: Component): readonly string[] {
  return distance_mm === null ? [] : [`${distance_mm.toFixed(1)} mm`];
}

function onlyWords({ only_a, only_b }: Component): string {
  if (only_b === 0) return 'only in A';
  return only_a === 0 ? 'only in B' : 'in A and in B';
}

interface RestProps {
  readonly sides: Sides;
  readonly structure: Structure | undefined;
  readonly editable: boolean;
}

/** Too near to the other read to be worth a look: one side for all of it. */
function Rest({ sides, structure, editable }: RestProps) {
  const taken = useDifferences((state) => state.rest.get(sides.structure) ?? 'a');
  const takeRest = useDifferences((state) => state.takeRest);
  const choices: readonly Side[] = sides.take_majority === null ? ['a', 'b'] : ['a', 'b', 'majority'];
  return (
    <div className={classes.rest}>
      <span className={classes.dot} style={{ background: structure?.colour ?? 'var(--muted)' }} />
      <span className={classes.name}>{structure?.name ?? sides.structure}</span>
      <span className={classes.size}>{sizeOf(sides)}</span>
      <span
        className={classes.choices}
        role="radiogroup"
        aria-label={`Rest of the ${structure?.name ?? sides.structure}`}
      >
        {choices.map((side) => (
          <UnstyledButton
            key={side}
            className={classes.choice}
            role="radio"
            aria-checked={taken === side}
            aria-label={WORDS[side]}
            disabled={!editable}
            onClick={() => takeRest(sides.structure, side)}
          >
            {side === 'majority' ? 'maj.' : WORDS[side]}
          </UnstyledButton>
        ))}
      </span>
    </div>
  );
}

const OF: Readonly<Record<string, string>> = { a: 'A', b: 'B', prediction: 'Prediction' };

/** STAPLE of three: a diagnosis of the votes against each other, not against the truth. */
function Rates({
  found,
  structures,
}: {
  readonly found: Disagreement;
  readonly structures: readonly Structure[];
}) {
  const [first] = found.rates;
  if (first === undefined) {
    return null;
  }
  const named = structures.filter(({ key }) => found.rates.some(({ structure }) => structure === key));
  return (
    <details className={classes.rates}>
      <summary>Sensitivity and specificity (STAPLE)</summary>
      <table>
        <tbody>
          {named.map(({ key, name }) =>
            found.rates
              .filter(({ structure }) => structure === key)
              .map(({ of, sensitivity, specificity }) => (
                <tr key={`${key}/${of}`}>
                  <td>{name}</td>
                  <td>{OF[of]}</td>
                  <td>{sensitivity.toFixed(3)}</td>
                  <td>{specificity.toFixed(3)}</td>
                </tr>
              )),
          )}
        </tbody>
      </table>
      <p className={classes.quiet}>Of A, B and the prediction, in the {first.region}.</p>
    </details>
  );
}
