import type { Project } from '../../api';
import { AddCases } from '../project/adding/AddCases';
import { NewestJob } from '../project/Learning';
import { TeamTab } from '../project/team/TeamTab';
import { PlanStep } from './PlanStep';
import classes from './Wizard.module.css';

interface StepProps {
  readonly project: Project;
}

export function CasesStep({ project }: StepProps) {
  const count = Object.values(project.case_counts ?? {}).reduce((sum, each) => sum + each, 0);
  return (
    <section aria-label="Cases">
      <h1 className={classes.title}>Cases of {project.name}</h1>
      <p className={classes.lead}>
        {count === 0
          ? 'Import a folder of scans, or upload one to try it out. Cases that come with labels can train the first model at once.'
          : `${count === 1 ? '1 case is' : `${count} cases are`} in the project.`}
      </p>
      <div className={classes.job}>
        <NewestJob project={project} />
      </div>
      <AddCases project={project.id} />
    </section>
  );
}

export function TeamStep({ project }: StepProps) {
  return (
    <section aria-label="Team">
      <h1 className={classes.title}>Who works on {project.name}</h1>
      <p className={classes.lead}>
        Make a link for each person, or one for a group, and send it. Whoever opens it signs in, or makes an
        account, and is a member.
      </p>
      <TeamTab project={project} />
    </section>
  );
}

/** The project is made after the first two steps; the others work on it, and each can be done later. */
export const AFTERWARDS = [
  { value: 'cases', label: 'Cases', note: 'import', Step: CasesStep },
  { value: 'team', label: 'Team', note: 'invite readers', Step: TeamStep },
  { value: 'plan', label: 'Plan', note: 'reliability', Step: PlanStep },
] as const;

export const BEFORE = 2;
