import { Anchor, Chip, Group, Pagination, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Finding, ImportCounts, ImportKind, Project } from '../../../api';
import { caseLabel } from '../../words';
import { KeptDrawer } from '../kept/KeptDrawer';
import classes from './imports.module.css';
import { Tag } from './Tag';
import { causeWords, KINDS, kindOf, shownOf, timesWords, totalOf } from './words';

const ROWS_PER_PAGE = 100;

interface FindingsTableProps {
  /** Null until it is known. */
  readonly project: Project | null;
  readonly findings: readonly Finding[];
  readonly counts: ImportCounts;
}

/** A row for every series, and for every file that is none. */
export function FindingsTable({ project, findings, counts }: FindingsTableProps) {
  const [kind, setKind] = useState<ImportKind | null>(null);
  const [typed, setTyped] = useState('');
  const [page, setPage] = useState(1);
  const [opened, setOpened] = useState<number | null>(null);
  const shown = shownOf(findings, kind, typed);
  const pages = Math.max(1, Math.ceil(shown.length / ROWS_PER_PAGE));
  const at = Math.min(page, pages);
  const first = (at - 1) * ROWS_PER_PAGE;
  return (
    <section aria-label="What became of every series">
      <div className={classes.filters}>
        <Kinds counts={counts} total={totalOf(counts)} kind={kind} onChoose={setKind} />
        <TextInput
          size="xs"
          aria-label="Find in the report"
          placeholder="file, cause or sentence"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      {shown.length === 0 ? (
        <p className={classes.quiet}>
          {findings.length === 0 ? 'Nothing was found.' : 'Nothing in the report is like that.'}
        </p>
      ) : (
        <Rows rows={shown.slice(first, first + ROWS_PER_PAGE)} onOpen={setOpened} />
      )}
      {pages > 1 && (
        <Pagination
          mt="md"
          size="sm"
          value={at}
          onChange={setPage}
          total={pages}
          aria-label="Pages of the report"
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        />
      )}
      {project !== null && <KeptDrawer project={project} opened={opened} onClose={() => setOpened(null)} />}
    </section>
  );
}

interface KindsProps {
  readonly counts: ImportCounts;
  readonly total: number;
  readonly kind: ImportKind | null;
  readonly onChoose: (kind: ImportKind | null) => void;
}

function Kinds({ counts, total, kind, onChoose }: KindsProps) {
  return (
    <Chip.Group
      value={kind ?? 'all'}
      onChange={(value) => onChoose(value === 'all' ? null : (value as ImportKind))}
    >
      <Group gap={6} role="group" aria-label="Filter by outcome">
        <Chip size="xs" value="all">
          All {total}
        </Chip>
        {(Object.keys(KINDS) as ImportKind[]).map((each) => (
          <Chip key={each} size="xs" value={each} disabled={counts[each] === 0}>
            {KINDS[each].word} {counts[each]}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

interface RowsProps {
  readonly rows: readonly Finding[];
  /** By id. */
  readonly onOpen: (id: number) => void;
}

function Rows({ rows, onOpen }: RowsProps) {
  return (
    <div className={classes.table}>
      <Table verticalSpacing={6} aria-label="Series and files">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>File</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th>Why</Table.Th>
            <Table.Th>Case</Table.Th>
            <Table.Th ta="right">Voxels</Table.Th>
            <Table.Th ta="right">Spacing</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((finding, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: files of one name are told apart by their place alone
            <Row key={`${at} ${finding.source}`} finding={finding} onOpen={onOpen} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface RowProps {
  readonly finding: Finding;
  readonly onOpen: (id: number) => void;
}

function Row({ finding, onOpen }: RowProps) {
  const { word, tone } = KINDS[kindOf(finding)];
  return (
    <Table.Tr>
      <Table.Td className={classes.source}>{finding.source}</Table.Td>
      <Table.Td>
        <Tag tone={tone}>{word}</Tag>
      </Table.Td>
      <Table.Td className={classes.why}>
        <strong>{causeWords(finding.cause)}</strong> {finding.message}
        {finding.notes.length > 0 && (
          <ul className={classes.notes}>
            {finding.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </Table.Td>
      <Table.Td className={classes.number}>
        <CaseCell finding={finding} onOpen={onOpen} />
      </Table.Td>
      <Table.Td ta="right" className={classes.number}>
        {timesWords(finding.shape)}
      </Table.Td>
      <Table.Td ta="right" className={classes.number}>
        {timesWords(finding.spacing_mm, 'mm')}
      </Table.Td>
    </Table.Tr>
  );
}

/** What is kept of the scan opens beside the report. */
function CaseCell({ finding, onOpen }: Pick<RowProps, 'finding' | 'onOpen'>) {
  const { case: number, case_id: id } = finding;
  if (number === null) {
    return '—';
  }
  if (id === null) {
    return <span title="This case was deleted since.">{caseLabel(number)}</span>;
  }
  return (
    <Anchor
      component="button"
      type="button"
      inherit
      aria-label={`What is kept of ${caseLabel(number)}`}
      onClick={() => onOpen(id)}
    >
      {caseLabel(number)}
    </Anchor>
  );
}
