import type { Project } from '../../../api';
import { CalibrationSet } from './CalibrationSet';
import { GoldSet } from './GoldSet';
import { Groups } from './Groups';
import { PlanForm } from './PlanForm';
import { Requirements } from './Requirements';
import { Tolerances } from './Tolerances';

/** How reliability is measured: what is read for it, what that costs and gives, and the cases set apart for it. */
export function PlanTab({ project }: { readonly project: Project }) {
  return (
    <>
      <PlanForm project={project.id} />
      <CalibrationSet project={project.id} />
      <GoldSet project={project} />
      <Requirements project={project} />
      <Tolerances project={project} />
      <Groups project={project} />
    </>
  );
}
