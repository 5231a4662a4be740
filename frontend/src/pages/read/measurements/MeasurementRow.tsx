import { UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { greyWords, type Measurement, textOf } from '../../../viewer';
import { useRead } from '../readStore';
import { goToMeasurement, whereMeasured } from './goToMeasurement';
import classes from './MeasurementRow.module.css';

interface MeasurementRowProps {
  readonly measurement: Measurement;
  /** Before the figures; without it, the measurement's own label. */
  readonly label?: ReactNode;
  readonly children?: ReactNode;
}

/** A measurement in a list; a click on its figures goes there. */
export function MeasurementRow({ measurement, label, children }: MeasurementRowProps) {
  const isMeasured = useRead((state) => state.isMeasured);
  return (
    <>
      <div className={classes.row}>
        {label ?? (measurement.label !== '' && <span className={classes.label}>{measurement.label}</span>)}
        <UnstyledButton
          className={classes.go}
          title="Go to its slice"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => goToMeasurement(measurement)}
        >
          <span>{textOf(measurement, isMeasured)}</span>
          <span className={classes.where}>{whereMeasured(measurement)}</span>
        </UnstyledButton>
        {children}
      </div>
      {measurement.kind === 'ellipse' && <Grey ellipse={measurement} />}
    </>
  );
}

/** Told anew when the slices of the scan have come. */
function Grey({ ellipse }: { readonly ellipse: Extract<Measurement, { kind: 'ellipse' }> }) {
  const measuring = useRead((state) => state.port)?.tools.measuring;
  useRead(({ progress }) => progress?.level === 0);
  return (
    measuring !== undefined && (
      <p className={classes.grey}>{greyWords(measuring.greyIn(ellipse)).join('; ')}</p>
    )
  );
}
