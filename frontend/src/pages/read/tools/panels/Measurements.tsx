import { UnstyledButton } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useCallback, useSyncExternalStore } from 'react';
import type { Measurement } from '../../../../viewer';
import { useRead } from '../../readStore';
import classes from './Measurements.module.css';

const NONE: readonly Measurement[] = [];

/** Every measurement of this sitting; a click goes there. */
export function Measurements() {
  const port = useRead((state) => state.port);
  const all = useSyncExternalStore(
    useCallback((changed) => port?.tools.onMeasurements(changed) ?? (() => undefined), [port]),
    () => port?.tools.measurements ?? NONE,
  );
  if (all.length === 0) {
    return <p className={classes.none}>Nothing measured yet: drag in a plane.</p>;
  }
  return (
    <ul className={classes.list}>
      {all.map((measurement) => (
        <li key={measurement.id} className={classes.row}>
          <UnstyledButton
            className={classes.go}
            onClick={() => port?.views.setSlice(measurement.plane, measurement.slice)}
          >
            <span>{wordsOf(measurement)}</span>
            <span className={classes.where}>
              {measurement.plane} {measurement.slice}
            </span>
          </UnstyledButton>
          <UnstyledButton
            className={classes.remove}
            aria-label={`Remove ${wordsOf(measurement)}`}
            onClick={() => port?.tools.removeMeasurement(measurement.id)}
          >
            <IconX size={14} aria-hidden />
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

function wordsOf(measurement: Measurement): string {
  return measurement.kind === 'length'
    ? `${measurement.length_mm.toFixed(1)} mm`
    : `${measurement.long_mm.toFixed(1)} × ${measurement.short_mm.toFixed(1)} mm`;
}
