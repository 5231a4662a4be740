import { Anchor, SegmentedControl, Select } from '@mantine/core';
import { useState } from 'react';
import { type DashboardRows, type Project, reportAddress, useRows } from '../../../api';
import { CasesBehind } from '../behind/CasesBehind';
import { ScoringStrip } from '../ScoringStrip';
import classes from './AgreementTab.module.css';
import { AnchoringChart } from './AnchoringChart';
import { MatrixChart } from './MatrixChart';
import { METRICS, type Metric } from './metrics';
import { RatesChart } from './RatesChart';
import { ReliabilityChart } from './ReliabilityChart';
import { StructureChart } from './StructureChart';
import { VolumesChart } from './VolumesChart';

type Pool = DashboardRows['pools'];

/** What every chart of the page is about. Starting points are chosen, never pooled. */
export interface Choice {
  readonly project: Project;
  readonly metric: Metric;
  readonly starts: string;
  readonly label: string;
  readonly structure: string;
  readonly onOpen: (key: string) => void;
}

/** How far readers agree with each other, with themselves, with what is known, and models with them. */
export function AgreementTab({ project }: { readonly project: Project }) {
  return (
    <>
      <ScoringStrip project={project.id} />
      <Agreement project={project} />
    </>
  );
}

function Agreement({ project }: { readonly project: Project }) {
  const pools = useRows(project.id, 'pools');
  if (pools.error !== null) {
    return <p role="alert">{pools.error.message}</p>;
  }
  if (pools.data === undefined) {
    return <div className={classes.waiting} aria-busy="true" />;
  }
  const inter = pools.data.filter((pool) => pool.kind === 'inter');
  if (inter.length === 0) {
    return (
      <p className={classes.empty}>
        No case has two reads yet. Choose calibration cases under Plan: every reader reads them, and this page
        says how far they agree.
      </p>
    );
  }
  return <Charts project={project} pools={inter} />;
}

function Charts({ project, pools }: { readonly project: Project; readonly pools: readonly Pool[] }) {
  const [metric, setMetric] = useState<Metric>('dice');
  const [starts, setStarts] = useState(pools[0]?.starts ?? '');
  const [structure, setStructure] = useState(project.structures[0]?.key ?? '');
  const [opened, setOpened] = useState<string | null>(null);
  const pool = pools.find((one) => one.starts === starts) ?? pools[0];
  const choice: Choice = {
    project,
    metric,
    starts: pool?.starts ?? '',
    label: pool?.label ?? '',
    structure,
    onOpen: setOpened,
  };
  return (
    <>
      <div className={classes.choices}>
        <Select
          label="Reads that began"
          data={pools.map((one) => ({ value: one.starts, label: `${one.label} (${one.scores} scores)` }))}
          value={choice.starts}
          onChange={(value) => value !== null && setStarts(value)}
          allowDeselect={false}
          w={400}
        />
        <Select
          label="Structure of the charts below"
          data={project.structures.map(({ key, name }) => ({ value: key, label: name }))}
          value={structure}
          onChange={(value) => value !== null && setStructure(value)}
          allowDeselect={false}
          searchable
          w={240}
        />
        <SegmentedControl
          aria-label="Metric"
          value={metric}
          onChange={(value) => setMetric(value as Metric)}
          data={Object.entries(METRICS).map(([value, { name }]) => ({ value, label: name }))}
        />
        <span className={classes.report}>
          Reliability report:{' '}
          <Anchor href={reportAddress(project.id, 'html')} target="_blank">
            HTML
          </Anchor>
          {' · '}
          <Anchor href={reportAddress(project.id, 'pdf')} target="_blank">
            PDF
          </Anchor>
        </span>
      </div>
      <StructureChart {...choice} />
      <div className={classes.grid}>
        <MatrixChart {...choice} />
        <VolumesChart {...choice} />
      </div>
      <div className={classes.grid}>
        <ReliabilityChart {...choice} />
        <RatesChart {...choice} />
      </div>
      <AnchoringChart {...choice} />
      <CasesBehind project={project.id} opened={opened} onClose={() => setOpened(null)} />
    </>
  );
}
