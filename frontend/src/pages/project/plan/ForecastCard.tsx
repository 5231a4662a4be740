import { useState } from 'react';
import type { Assumed, PlanForecast } from '../../../api';
import { Notice } from '../../shell/Notice';
import { AssumedFields } from './AssumedFields';
import classes from './Plan.module.css';
import { costLines, hours, restsOn, widthLines } from './words';

interface ForecastCardProps {
  /** Null while it is not there, or the draft cannot be followed. */
  readonly forecast: PlanForecast | null;
  /** Why the draft cannot be followed. */
  readonly refusal: string | undefined;
  readonly isOld: boolean;
  readonly assumed: Assumed;
  readonly onAssume: (assumed: Assumed) => void;
}

/** What the draft costs and gives. The last one stays, greyed, until the next one is there. */
export function ForecastCard({ forecast, refusal, isOld, assumed, onAssume }: ForecastCardProps) {
  const [last, setLast] = useState(forecast);
  if (forecast !== null && forecast !== last) {
    setLast(forecast);
  }
  const shown = forecast ?? last;
  return (
    <aside className={classes.card} aria-label="What the plan costs and gives" aria-busy={isOld}>
      <h3 className={classes.heading}>What it costs</h3>
      <div className={classes.sum}>
        {refusal !== undefined ? (
          <Notice tone="needsYou">{refusal}</Notice>
        ) : (
          shown !== null && <Sum forecast={shown} />
        )}
      </div>
      {shown !== null && (
        <div className={classes.forecast} data-old={isOld || refusal !== undefined || undefined}>
          <Costs forecast={shown} />
          <Widths forecast={shown} />
        </div>
      )}
      <AssumedFields measured={shown?.assumed ?? null} assumed={assumed} onChange={onAssume} />
      {shown !== null && <p className={classes.hint}>{restsOn(shown)}</p>}
    </aside>
  );
}

function Sum({ forecast }: { readonly forecast: PlanForecast }) {
  const { reliability_hours: extra, routine_hours: routine } = forecast;
  return (
    <>
      <strong>{hours(extra)}</strong> for reliability on top of {hours(routine)} of routine reading
      {routine > 0 && `, ${Math.round((100 * extra) / routine)} % more`}
    </>
  );
}

function Costs({ forecast }: { readonly forecast: PlanForecast }) {
  return (
    <table className={classes.costs}>
      <thead>
        <tr>
          <th scope="col">Purpose</th>
          <th scope="col">Reads</th>
          <th scope="col">Hours</th>
        </tr>
      </thead>
      <tbody>
        {costLines(forecast).map((line) => (
          <tr key={line.name}>
            <td>
              {line.name}{' '}
              {line.note !== '' && line.reads > 0 && <span className={classes.note}>{line.note}</span>}
            </td>
            <td>{line.reads}</td>
            <td>{hours(line.hours)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Widths({ forecast }: { readonly forecast: PlanForecast }) {
  return (
    <>
      <h3 className={classes.heading}>How well it will be known (95 % intervals)</h3>
      <dl className={classes.widths}>
        {widthLines(forecast).map(({ name, width, words }) => (
          <div key={name} data-missing={width === null || undefined}>
            <dt>{name}</dt>
            <dd className={classes.width}>{width ?? 'not measured'}</dd>
            <dd className={classes.note}>{words}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
