import { Button } from '@mantine/core';
import { useState } from 'react';
import { type DashboardOverview, type Project, useDashboardOverview } from '../../../api';
import { CasesBehind } from '../behind/CasesBehind';
import { ScoringStrip } from '../ScoringStrip';
import { Ahead } from './Ahead';
import { ForecastChart } from './ForecastChart';
import { HoursChart } from './HoursChart';
import classes from './OverviewTab.module.css';
import { StatesChart } from './StatesChart';
import { WeeksChart } from './WeeksChart';

/** How far, how fast, and when it will be done. */
export function OverviewTab({ project }: { readonly project: Project }) {
  const overview = useDashboardOverview(project.id);
  if (overview.data !== undefined) {
    return <Charts project={project.id} overview={overview.data} />;
  }
  if (overview.error === null) {
    return <div className={classes.waiting} aria-busy="true" />;
  }
  return (
    <p role="alert">
      {overview.error.message}{' '}
      <Button size="compact-sm" variant="default" onClick={() => void overview.refetch()}>
        Try again
      </Button>
    </p>
  );
}

export interface OverviewChartProps {
  readonly project: number;
  readonly overview: DashboardOverview;
  readonly onOpen: (key: string) => void;
}

function Charts({ project, overview }: { readonly project: number; readonly overview: DashboardOverview }) {
  const [opened, setOpened] = useState<string | null>(null);
  const given: OverviewChartProps = { project, overview, onOpen: setOpened };
  return (
    <>
      <ScoringStrip project={project} />
      <Ahead overview={overview} />
      <div className={classes.grid}>
        <ForecastChart {...given} />
        <StatesChart {...given} />
        <WeeksChart {...given} />
        <HoursChart {...given} />
      </div>
      <CasesBehind project={project} opened={opened} onClose={() => setOpened(null)} />
    </>
  );
}
