import type { OwnReading } from '../../../api';
import { ERROR_CODES } from '../reading/errorCodes';
import classes from './OwnPage.module.css';

interface OwnErrorsProps {
  readonly own: OwnReading;
  readonly structures: ReadonlyMap<string, string>;
}

export function OwnErrors({ own, structures }: OwnErrorsProps) {
  return (
    <section className={classes.panel}>
      <h2>What do reviewers find most often?</h2>
      {own.top_errors.length === 0 ? (
        <p className={classes.quiet}>No pin of a review that has ended.</p>
      ) : (
        <ol>
          {own.top_errors.map((row) => (
            <li key={`${row.structure} ${row.code}`}>
              {structures.get(row.structure) ?? row.structure}: {ERROR_CODES[row.code] ?? row.code} (
              {row.pins === 1 ? '1 pin' : `${row.pins} pins`})
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
