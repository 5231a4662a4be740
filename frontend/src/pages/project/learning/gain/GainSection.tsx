import { useState } from 'react';
import type { Project } from '../../../../api';
import { CasesBehind } from '../../behind/CasesBehind';
import { ArmsChart } from './ArmsChart';
import { CurvesChart } from './CurvesChart';
import { GoalsChart, NextCasesChart } from './ForecastCharts';
import type { GainChartProps } from './figures';
import classes from './GainSection.module.css';
import { RoundsChart } from './RoundsChart';
import { SavedChart } from './SavedChart';

/** What labels have bought, and what the next one would. */
export function GainSection({ project }: { readonly project: Project }) {
  const [opened, setOpened] = useState<string | null>(null);
  const given: GainChartProps = { project, onOpen: setOpened };
  return (
    <>
      <CurvesChart {...given} />
      <div className={classes.grid}>
        <div>
          <GoalsChart {...given} />
        </div>
        <NextCasesChart {...given} />
        <RoundsChart {...given} />
        <SavedChart {...given} />
      </div>
      <ArmsChart {...given} />
      <CasesBehind project={project.id} opened={opened} onClose={() => setOpened(null)} />
    </>
  );
}
