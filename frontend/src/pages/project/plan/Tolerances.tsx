import { Button, Table } from '@mantine/core';
import { type Project, type Tolerance, useChangeTolerance, useTolerances } from '../../../api';
import { Notice } from '../../shell/Notice';
import classes from './Plan.module.css';
import { Section } from './Section';

/** What surface Dice forgives: the catalogue's distance, or that by which the project's own readers differ. */
export function Tolerances({ project }: { readonly project: Project }) {
  const set = useTolerances(project.id);
  const change = useChangeTolerance(project.id);
  const names = new Map(project.structures.map(({ key, name }) => [key, name]));
  return (
    <Section
      title="Tolerance of surface Dice"
      lead="Surfaces that lie closer than this count as equal. The readers’ own is how far their surfaces lie apart on calibration cases (95th percentile). A change holds for charts and requirements from now on: what was scored with another tolerance is scored again."
      asked={set}
    >
      {(rows) => (
        <>
          {change.error !== null && <Notice tone="failed">{change.error.message}</Notice>}
          {rows.every(({ suggested_mm: own }) => own === null) && (
            <p className={classes.quiet}>
              The readers’ own is known once two of them have read calibration cases. Until then the
              catalogue’s holds.
            </p>
          )}
          <div className={classes.scroll}>
            <Table verticalSpacing={4} stickyHeader aria-label="Tolerances">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Structure</Table.Th>
                  <Table.Th ta="right">In force</Table.Th>
                  <Table.Th ta="right">Catalogue</Table.Th>
                  <Table.Th>Readers’ own (95 % CI)</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <Row
                    key={row.structure}
                    row={row}
                    name={names.get(row.structure) ?? row.structure}
                    isPending={change.isPending}
                    onChange={(tolerance) =>
                      change.mutate({ structure: row.structure, tolerance_mm: tolerance })
                    }
                  />
                ))}
              </Table.Tbody>
            </Table>
          </div>
        </>
      )}
    </Section>
  );
}

interface RowProps {
  readonly row: Tolerance;
  readonly name: string;
  readonly isPending: boolean;
  readonly onChange: (tolerance: number | null) => void;
}

function Row({ row, name, isPending, onChange }: RowProps) {
  const suggested = row.suggested_mm === null ? null : Number(row.suggested_mm.toFixed(2));
  const usable = suggested !== null && suggested > 0 && suggested !== row.tolerance_mm ? suggested : null;
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td ta="right">{`${row.tolerance_mm} mm`}</Table.Td>
      <Table.Td ta="right">{`${row.usual_mm} mm`}</Table.Td>
      <Table.Td>{ownWords(row)}</Table.Td>
      <Table.Td ta="right">
        {usable !== null && (
          <Button
            size="compact-xs"
            variant="default"
            disabled={isPending}
            aria-label={`Use ${usable} mm for ${name}`}
            onClick={() => onChange(usable)}
          >
            {`Use ${usable} mm`}
          </Button>
        )}{' '}
        {row.is_own && (
          <Button
            size="compact-xs"
            variant="default"
            disabled={isPending}
            aria-label={`Use the catalogue’s for ${name}`}
            onClick={() => onChange(null)}
          >
            Use the catalogue’s
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function ownWords({ suggested_mm: own, low, high, cases, readers }: Tolerance): string {
  if (own === null) {
    return '—';
  }
  const interval = low === null || high === null ? '' : ` (${low.toFixed(2)}–${high.toFixed(2)})`;
  return `${own.toFixed(2)}${interval} mm, ${readers} readers, ${cases} cases`;
}
