import { UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { type Measurement, textOf } from '../../../viewer';
import { useRead } from '../readStore';
import classes from './MeasurementRow.module.css';

interface MeasurementRowProps {
  readonly measurement: Measurement;
  /** Before the figures; without it, the measurement's own label. */
  readonly label?: ReactNode;
  readonly children?: ReactNode;
}

/** A measurement in a list; a click on its figures goes there. */
export function MeasurementRow({ measurement, label, children }: MeasurementRowProps) {
  const port = useRead((state) => state.port);
  const { plane, slice } = measurement;
  return (
    <div className={classes.row}>
      {label ?? (measurement.label !== '' && <span className={classes.label}>{measurement.label}</span>)}
      <UnstyledButton
        className={classes.go}
        title="Go to its slice"
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => port?.views.setSlice(plane, slice)}
      >
        <span>{textOf(measurement)}</span>
        <span className={classes.where}>
          {plane} {slice}
        </span>
      </UnstyledButton>
      {children}
    </div>
  );
}
