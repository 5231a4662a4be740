import type { DashboardOverview, Ahead as Estimate } from '../../../api';
import classes from './OverviewTab.module.css';

/** What is left, in one line: weeks at the pace of late, and hours of work. */
export function Ahead({ overview }: { readonly overview: DashboardOverview }) {
  const { remaining, goal, weeks_left: weeks, hours_left: hours } = overview;
  if (goal === 0) {
    return <p className={classes.ahead}>There are no cases yet. Add some under Add cases.</p>;
  }
  if (remaining === 0) {
    return (
      <p className={classes.ahead}>
        <strong>All {goal} cases are accepted.</strong>
      </p>
    );
  }
  return (
    <p className={classes.ahead}>
      <strong>
        {remaining} of {goal} cases are left.
      </strong>{' '}
      {weeks.estimate === null ? weeks.reason : `At the pace of late that takes ${interval(weeks, 'weeks')}.`}{' '}
      {hours.estimate === null ? hours.reason : `Work left: ${interval(hours, 'hours')}.`}
    </p>
  );
}

/** `6 weeks (95 % interval 4–9)` */
function interval({ estimate, low, high }: Estimate, unit: string): string {
  const upper = high === null ? 'no upper bound' : `95 % interval ${whole(low)}–${whole(high)}`;
  return `${whole(estimate)} ${unit} (${upper})`;
}

function whole(value: number | null): string {
  return value === null ? '—' : value < 10 ? value.toFixed(1) : value.toFixed(0);
}
