import type { Model, Project } from '../../api';
import { score, signed } from '../words';
import classes from './Overview.module.css';

type Counts = NonNullable<Project['case_counts']>;

/** What is done, what waits, what can be read next, for leads; and how good the model is. */
export function Overview({ project }: { readonly project: Project }) {
  const { case_counts: counts } = project;
  return (
    <section className={classes.numbers} aria-label="Overview">
      {counts !== null && <CaseFigures project={project} counts={counts} />}
      <ModelFigure models={project.models} />
    </section>
  );
}

function CaseFigures({ project, counts }: { readonly project: Project; readonly counts: Counts }) {
  const pool = Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.test;
  return (
    <>
      <Figure
        label="Accepted"
        figure={String(counts.accepted)}
        note={`of ${pool} ${pool === 1 ? 'case' : 'cases'}${counts.test > 0 ? ` · ${counts.test} more for testing` : ''}`}
      />
      <Figure
        label="Waiting for review"
        figure={String(counts.in_review)}
        note={counts.returned > 0 ? `${counts.returned} returned to readers` : 'none returned'}
        needsYou={counts.in_review > 0}
      />
      <Figure label="Ready to read" figure={String(counts.ready)} note={readyNote(project, counts)} />
    </>
  );
}

function readyNote({ predictions_pending: pending }: Project, counts: Counts): string {
  const parts = [
    counts.in_progress > 0 ? `${counts.in_progress} in progress` : '',
    (pending ?? 0) > 0 ? `${pending} predictions on the way` : '',
    counts.waiting > 0 && (pending ?? 0) === 0 ? `${counts.waiting} without a prediction` : '',
  ];
  return parts.filter((part) => part !== '').join(' · ') || 'nothing in progress';
}

function ModelFigure({ models }: { readonly models: readonly Model[] }) {
  const serving = models.find(({ state }) => state === 'serving');
  if (serving === undefined) {
    return <Figure label="Model Dice" figure="—" note="no model serves yet" />;
  }
  const before = models.find(({ state, version }) => state === 'retired' && version < serving.version);
  return (
    <Figure
      label="Model Dice"
      figure={score(serving.mean_dice)}
      note={`model ${serving.version} · ${trend(serving, before)}`}
    />
  );
}

function trend(serving: Model, before: Model | undefined): string {
  if (before === undefined || before.mean_dice === null || serving.mean_dice === null) {
    return 'the first one';
  }
  const change = serving.mean_dice - before.mean_dice;
  return `${change >= 0 ? '+' : ''}${signed(change, 3)} against model ${before.version}`;
}

interface FigureProps {
  readonly label: string;
  readonly figure: string;
  readonly note: string;
  readonly needsYou?: boolean;
}

function Figure({ label, figure, note, needsYou = false }: FigureProps) {
  return (
    <div className={classes.tile} data-needs-you={needsYou || undefined}>
      <span className={classes.label}>{label}</span>
      <span className={classes.figure}>{figure}</span>
      <span className={classes.note}>{note}</span>
    </div>
  );
}
