import { Checkbox, NumberInput, Table } from '@mantine/core';
import classes from './mapping.module.css';
import {
  isAnnotated,
  layerOf,
  problemOfStructures,
  type RecipeDraft,
  structuresOf,
  withLayer,
  withTicked,
} from './recipeDraft';
import type { Names } from './useNames';

interface StructuresTableProps {
  readonly draft: RecipeDraft;
  readonly names: Names;
  readonly onChange: (draft: RecipeDraft) => void;
}

/** What comes out of labels and rules: which of it was looked at everywhere, and on which layer it lies. */
export function StructuresTable({ draft, names, onChange }: StructuresTableProps) {
  const keys = structuresOf(draft);
  const problem = keys.length === 0 ? '' : problemOfStructures(draft, names.of);
  if (keys.length === 0) {
    return <p className={classes.quiet}>Nothing yet: give a label a structure.</p>;
  }
  return (
    <>
      <div className={classes.table}>
        <Table verticalSpacing={4} aria-label="Structures that come out">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Structure</Table.Th>
              <Table.Th>Annotated in this data set</Table.Th>
              <Table.Th>Layer</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map((key) => (
              <Table.Tr key={key}>
                <Table.Td>{names.of(key)}</Table.Td>
                <Table.Td>
                  <Checkbox
                    size="xs"
                    aria-label={`${names.of(key)} is annotated in this data set`}
                    checked={isAnnotated(draft, key)}
                    onChange={(event) => onChange(withTicked(draft, key, event.currentTarget.checked))}
                  />
                </Table.Td>
                <Table.Td>
                  <NumberInput
                    size="xs"
                    w={80}
                    aria-label={`Layer of ${names.of(key)}`}
                    min={1}
                    max={32}
                    allowDecimal={false}
                    value={layerOf(draft, key) + 1}
                    onChange={(layer) =>
                      typeof layer === 'number' && onChange(withLayer(draft, key, layer - 1))
                    }
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {problem !== '' && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
