import { Switch } from '@mantine/core';
import type { Assignment } from '../../../api';
import classes from '../review/ReviewPanel.module.css';
import { MeasurementRow } from './MeasurementRow';
import { useMeasurementStore, useReadersMeasurements } from './useMeasurements';

/** In a review: what the reader measured, to look at. */
export function ReadersMeasurements({ assignment }: { readonly assignment: Assignment }) {
  const all = useReadersMeasurements(assignment);
  const { showsReaders, setShowsReaders } = useMeasurementStore();
  if (all.length === 0) {
    return null;
  }
  return (
    <section className={classes.section} aria-label="Measured by the reader">
      <h2 className={classes.title}>Measured by the reader</h2>
      <Switch
        size="xs"
        mx={12}
        mb={4}
        label="Shown in the planes"
        checked={showsReaders}
        onChange={(event) => setShowsReaders(event.currentTarget.checked)}
      />
      <ul className={classes.list}>
        {all.map((measurement) => (
          <li key={measurement.id}>
            <MeasurementRow measurement={measurement} />
          </li>
        ))}
      </ul>
    </section>
  );
}
