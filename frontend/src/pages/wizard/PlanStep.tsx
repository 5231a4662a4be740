import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type Project, useKeepPlan, usePlan } from '../../api';
import { TABS } from '../project/tabs';
import { Notice } from '../shell/Notice';
import { planLines } from './planWords';
import classes from './Wizard.module.css';

const PLAN_TAB = TABS.find(({ value }) => value === 'plan');

/** What a study usually reads on top of one read per case, and one click to do so. */
export function PlanStep({ project }: { readonly project: Project }) {
  const plan = usePlan(project.id);
  const keep = useKeepPlan(project.id);
  if (plan.data === undefined) {
    return plan.error === null ? null : <Notice tone="failed">{plan.error.message}</Notice>;
  }
  const { plan: kept, usual } = plan.data;
  return (
    <section aria-label="Plan">
      <h1 className={classes.title}>How reliability is measured in {project.name}</h1>
      <p className={classes.lead}>
        {kept === null
          ? 'Without a plan every case is read once and reviewed. Agreement between readers can then not be told from the cases. A study usually reads:'
          : 'This project reads, on top of one read per case:'}
      </p>
      <dl className={classes.figures}>
        {planLines(kept ?? usual).map(({ figure, words }) => (
          <div key={words} style={{ display: 'contents' }}>
            <dt>{figure}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      {keep.error !== null && <Notice tone="failed">{keep.error.message}</Notice>}
      {kept === null && (
        <Button variant="default" loading={keep.isPending} onClick={() => keep.mutate(usual)}>
          Read like this
        </Button>
      )}
      {PLAN_TAB !== undefined && (
        <Button
          variant="default"
          ml={kept === null ? 'sm' : 0}
          renderRoot={(props) => (
            <Link
              to="/projects/$projectId"
              params={{ projectId: String(project.id) }}
              search={{ tab: PLAN_TAB.value }}
              {...props}
            />
          )}
        >
          Change the plan
        </Button>
      )}
    </section>
  );
}
