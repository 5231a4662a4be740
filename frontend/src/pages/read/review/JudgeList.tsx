import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { IconArrowBackUp, IconCheck } from '@tabler/icons-react';
import type { Acceptability, Assignment, Structure } from '../../../api';
import { useRead } from '../readStore';
import { goToStructure } from '../structures/goTo';
import classes from './JudgeList.module.css';
import { toJudge, useJudged } from './judgedStore';

const GRADES: readonly (readonly [Acceptability, string])[] = [
  [1, 'Unusable: drawing anew is quicker'],
  [2, 'Usable after major edits'],
  [3, 'Usable after minor edits that matter'],
  [4, 'Usable as it is: edits would be a matter of taste'],
  [5, 'Usable as it is: no edits'],
];

/** A verdict and a grade for each structure that was looked at. */
export function JudgeList({ assignment }: { readonly assignment: Assignment }) {
  const problem = useJudged((state) => state.problem);
  return (
    <section className={classes.section} aria-label="Verdicts">
      <h2 className={classes.title}>
        Verdicts <span className={classes.hint}>usable in the clinic, 1 to 5</span>
      </h2>
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <ul className={classes.list}>
        {toJudge(assignment).map((structure) => (
          <li key={structure.key}>
            <Row structure={structure} editable={assignment.editable} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Row({ structure, editable }: { readonly structure: Structure; readonly editable: boolean }) {
  const { key, name, colour } = structure;
  const verdict = useJudged((state) => state.judged.get(key)?.verdict ?? null);
  const isActive = useRead((state) => state.active?.key === key);
  const activate = useRead((state) => state.activate);
  return (
    <div className={classes.row} data-current={isActive || undefined} data-verdict={verdict ?? undefined}>
      <UnstyledButton
        className={classes.go}
        title="Make it the active structure and go there"
        onClick={() => {
          activate(structure);
          goToStructure(structure);
        }}
      >
        <span className={classes.dot} style={{ background: colour }} />
        <span className={classes.name}>{name}</span>
      </UnstyledButton>
      <Grades structure={structure} editable={editable} />
      <Choice structure={structure} verdict="accept" editable={editable} />
      <Choice structure={structure} verdict="return" editable={editable} />
    </div>
  );
}

function Grades({ structure, editable }: { readonly structure: Structure; readonly editable: boolean }) {
  const given = useJudged((state) => state.judged.get(structure.key)?.acceptability ?? null);
  const rate = useJudged((state) => state.rate);
  return (
    <span className={classes.grades} role="radiogroup" aria-label={`How usable the ${structure.name} is`}>
      {GRADES.map(([grade, words]) => (
        <Tooltip key={grade} label={`${grade} · ${words}`} openDelay={300}>
          <UnstyledButton
            className={classes.grade}
            role="radio"
            aria-checked={given === grade}
            aria-label={`${grade}: ${words}`}
            disabled={!editable}
            onClick={() => rate(structure.key, given === grade ? null : grade)}
          >
            {grade}
          </UnstyledButton>
        </Tooltip>
      ))}
    </span>
  );
}

interface ChoiceProps {
  readonly structure: Structure;
  readonly verdict: 'accept' | 'return';
  readonly editable: boolean;
}

function Choice({ structure: { key, name }, verdict, editable }: ChoiceProps) {
  const isGiven = useJudged((state) => state.judged.get(key)?.verdict === verdict);
  const say = useJudged((state) => state.say);
  const isAccept = verdict === 'accept';
  const Icon = isAccept ? IconCheck : IconArrowBackUp;
  return (
    <Tooltip label={isAccept ? 'Accept (Y)' : 'Return (R)'} openDelay={300}>
      <ActionIcon
        size="sm"
        variant={isGiven ? 'filled' : 'subtle'}
        {...(isAccept ? {} : { color: 'yellow' })}
        aria-label={`${isAccept ? 'Accept' : 'Return'} ${name}`}
        aria-pressed={isGiven}
        disabled={!editable}
        onClick={() => say(key, isGiven ? null : verdict)}
      >
        <Icon size={14} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
