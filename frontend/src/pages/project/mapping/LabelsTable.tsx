import { Button, Table } from '@mantine/core';
import type { LabelSeen } from '../../../api';
import { Tag } from '../imports/Tag';
import classes from './mapping.module.css';
import { LEFT_OUT, NOT_LOOKED_AT, OPEN, problemOfLabel, type RecipeDraft, withTarget } from './recipeDraft';
import { StructureSelect } from './StructureSelect';
import type { Names } from './useNames';
import { howWords, labelWords } from './words';

interface LabelsTableProps {
  readonly labels: readonly LabelSeen[];
  readonly draft: RecipeDraft;
  readonly names: Names;
  /** After somebody tried to save. */
  readonly isChecked: boolean;
  readonly onChange: (draft: RecipeDraft) => void;
}

/** Every incoming label, what it may be, and what it becomes. */
export function LabelsTable({ labels, draft, names, isChecked, onChange }: LabelsTableProps) {
  return (
    <div className={classes.table}>
      <Table verticalSpacing={6} aria-label="Incoming labels">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Label</Table.Th>
            <Table.Th ta="right">Value</Table.Th>
            <Table.Th ta="right">Scans</Table.Th>
            <Table.Th>Likely</Table.Th>
            <Table.Th>Becomes</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {labels.map((label, at) => (
            <Row
              key={`${label.value} ${label.name}`}
              label={label}
              target={draft.labels[at]?.target ?? OPEN}
              names={names}
              problem={shownProblem(draft, at, isChecked)}
              onChoose={(target) => onChange(withTarget(draft, at, target))}
            />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** What is merely undecided is no error until somebody wants to save. */
function shownProblem(draft: RecipeDraft, at: number, isChecked: boolean): string {
  const isOpen = draft.labels[at]?.target === OPEN;
  return isOpen && !isChecked ? '' : problemOfLabel(draft, at);
}

interface RowProps {
  readonly label: LabelSeen;
  readonly target: string;
  readonly names: Names;
  readonly problem: string;
  readonly onChoose: (target: string) => void;
}

function Row({ label, target, names, problem, onChoose }: RowProps) {
  const ignored = { value: NOT_LOOKED_AT, label: 'Nobody looked there' };
  const leftOut = { value: LEFT_OUT, label: 'Leave out' };
  return (
    <Table.Tr>
      <Table.Td className={classes.label}>{label.name === '' ? 'without a name' : label.name}</Table.Td>
      <Table.Td ta="right">{label.value ?? '—'}</Table.Td>
      <Table.Td ta="right">{label.files}</Table.Td>
      <Table.Td>
        <Likely label={label} isOpen={target === OPEN} onTake={onChoose} />
      </Table.Td>
      <Table.Td className={classes.target}>
        <StructureSelect
          label={`What ${labelWords(label)} becomes`}
          isLabelHidden
          value={target}
          names={names}
          likely={label.candidates}
          decisions={label.value === null ? [leftOut] : [leftOut, ignored]}
          error={problem}
          onChoose={onChoose}
        />
      </Table.Td>
    </Table.Tr>
  );
}

interface LikelyProps {
  readonly label: LabelSeen;
  readonly isOpen: boolean;
  readonly onTake: (key: string) => void;
}

function Likely({ label, isOpen, onTake }: LikelyProps) {
  const [first] = label.candidates;
  if (first === undefined) {
    return <span className={classes.quiet}>{label.hint}</span>;
  }
  return (
    <div className={classes.likely}>
      {first.name}
      <Tag tone={first.how === 'fuzzy' ? 'warn' : 'good'}>{howWords(first)}</Tag>
      {isOpen && (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`Take ${first.name} for ${labelWords(label)}`}
          onClick={() => onTake(first.key)}
        >
          Take it
        </Button>
      )}
    </div>
  );
}
