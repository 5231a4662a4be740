import { useState } from 'react';
import type { Project } from '../../../api';
import { CasesBehind } from '../behind/CasesBehind';
import { AcceptabilityChart } from './AcceptabilityChart';
import { DriftChart } from './DriftChart';
import { EffortChart } from './EffortChart';
import { ErrorsChart } from './ErrorsChart';
import { FirstPassChart } from './FirstPassChart';
import classes from './ReadingTab.module.css';
import { TimeChart } from './TimeChart';
import { ToolsChart } from './ToolsChart';

export interface ReadingChartProps {
  readonly project: Project;
  readonly onOpen: (key: string) => void;
}

/** How reading goes: drift, time, effort, and what reviewers say of it. */
export function ReadingTab({ project }: { readonly project: Project }) {
  const [opened, setOpened] = useState<string | null>(null);
  const given: ReadingChartProps = { project, onOpen: setOpened };
  return (
    <>
      <DriftChart {...given} />
      <div className={classes.grid}>
        <TimeChart {...given} />
        <EffortChart {...given} />
        <ToolsChart {...given} />
        <FirstPassChart {...given} />
      </div>
      <AcceptabilityChart {...given} />
      <div className={classes.below}>
        <ErrorsChart {...given} />
      </div>
      <CasesBehind project={project.id} opened={opened} onClose={() => setOpened(null)} />
    </>
  );
}
