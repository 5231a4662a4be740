import type { DataSet } from '../../../api';
import classes from './imports.module.css';
import { Tag } from './Tag';

/** What whoever uses a data set has to keep to. */
export function DataSetFacts({ dataSet }: { readonly dataSet: DataSet }) {
  const { title, licence, citation, non_commercial: isNonCommercial } = dataSet;
  return (
    <dl className={classes.facts}>
      <div>
        <dt>Data set</dt>
        <dd>
          {title} {isNonCommercial && <Tag tone="warn">non-commercial</Tag>}
        </dd>
      </div>
      <div>
        <dt>Licence</dt>
        <dd>{licence === '' ? 'not known: ask whoever gave you the data' : licence}</dd>
      </div>
      {citation !== '' && (
        <div>
          <dt>Cite as</dt>
          <dd>{citation}</dd>
        </div>
      )}
    </dl>
  );
}
