import { Badge, Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type Chosen, type Project, type Queries, useQueries } from '../../../../api';
import { CASE_STATES, caseLabel, when } from '../../../words';
import { FromAtlases } from './FromAtlases';
import classes from './queries.module.css';
import { WhatIfPanel } from './WhatIfPanel';
import { ARMS, minutesWords, regionWords, STRATEGIES, scoreWords, unitWords, wholeWords } from './words';

/** Which cases the strategy put forward and why, and what another one would have. */
export function QueriesSection({ project }: { readonly project: Project }) {
  const found = useQueries(project.id);
  if (found.data === undefined) {
    return found.error === null ? null : <p className={classes.problem}>{found.error.message}</p>;
  }
  return (
    <>
      <p className={classes.lead}>{leadWords(found.data)}</p>
      {found.data.model_version === null && <FromAtlases project={project.id} />}
      {found.data.chosen.length > 0 && <ChosenTable rows={found.data.chosen} />}
      <WhatIfPanel project={project} />
    </>
  );
}

function leadWords(queries: Queries): string {
  const strategy =
    queries.model_version === null
      ? `Before there is a model: ${STRATEGIES[queries.cold_start]}.`
      : `${STRATEGIES[queries.strategy]}, ${queries.query_size} cases at a time, ${Math.round(
          100 * queries.control_share,
        )} % of them drawn as a control.`;
  const unit = queries.model_version === null ? '' : unitWords(queries);
  const whole = wholeWords(queries.unit, queries.predicted);
  return [`${strategy}${unit}`, whole, queries.next].filter((words) => words !== '').join(' ');
}

function ChosenTable({ rows }: { readonly rows: readonly Chosen[] }) {
  return (
    <div className={classes.scroll}>
      <Table verticalSpacing={6} stickyHeader aria-label="Chosen cases">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Turn</Table.Th>
            <Table.Th>Case</Table.Th>
            <Table.Th>Arm</Table.Th>
            <Table.Th>Why</Table.Th>
            <Table.Th ta="right">Score</Table.Th>
            <Table.Th ta="right" className={classes.short}>
              To correct
            </Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Chosen</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={`${row.case_id}-${row.model_version ?? 0}`} row={row} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** A read is opened at the part that was chosen; before the first one there is nothing to open. */
function CaseLink({ row }: { readonly row: Chosen }) {
  const words = `${caseLabel(row.number)} · ${row.name}`;
  if (row.read_id === null) {
    return <span title="Nobody has opened it yet.">{words}</span>;
  }
  return (
    <Link to="/annotate/$assignmentId" params={{ assignmentId: String(row.read_id) }}>
      {words}
    </Link>
  );
}

function Row({ row }: { readonly row: Chosen }) {
  const model = row.model_version === null ? '' : `, model ${row.model_version}`;
  return (
    <Table.Tr data-open={row.is_open} className={classes.row}>
      <Table.Td>{row.rank + 1}</Table.Td>
      <Table.Td className={classes.short}>
        <CaseLink row={row} />
        {row.region !== null && <div className={classes.region}>{regionWords(row)}</div>}
      </Table.Td>
      <Table.Td>
        <Badge
          className={classes.arm}
          variant="light"
          color={row.arm === 'control' ? 'gray' : 'accent'}
          tt="none"
        >
          {ARMS[row.arm]}
        </Badge>
      </Table.Td>
      <Table.Td>{row.why}</Table.Td>
      <Table.Td ta="right">{scoreWords(row.score)}</Table.Td>
      <Table.Td ta="right" className={classes.short}>
        {minutesWords(row.minutes)}
      </Table.Td>
      <Table.Td className={classes.short}>
        {STRATEGIES[row.strategy]}
        {model}
      </Table.Td>
      <Table.Td className={classes.short}>{CASE_STATES[row.state]}</Table.Td>
      <Table.Td className={classes.short}>{when(row.at)}</Table.Td>
    </Table.Tr>
  );
}
