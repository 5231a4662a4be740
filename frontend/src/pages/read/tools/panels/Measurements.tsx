import { UnstyledButton } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useCallback, useSyncExternalStore } from 'react';
import { type Measurement, type MeasurementPort, textOf } from '../../../../viewer';
import { MeasurementRow } from '../../measurements/MeasurementRow';
import { useMeasurementStore } from '../../measurements/useMeasurements';
import { useRead } from '../../readStore';
import classes from './Measurements.module.css';

const NONE: readonly Measurement[] = [];
const LONGEST_LABEL = 80;

/** Every measurement of this read, kept with it; a click goes there. */
export function Measurements() {
  const measuring = useRead((state) => state.port)?.tools.measuring;
  const all = useSyncExternalStore(
    useCallback((changed) => measuring?.onChange(changed) ?? (() => undefined), [measuring]),
    () => measuring?.all ?? NONE,
  );
  return (
    <>
      {all.length === 0 && <p className={classes.none}>Nothing measured yet: drag in a plane.</p>}
      <Kept />
      {measuring !== undefined && all.length > 0 && (
        <ul className={classes.list} aria-label="Measurements">
          {all.map((measurement) => (
            <li key={measurement.id}>
              <OwnRow measurement={measurement} measuring={measuring} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Says something only where the measurements are not, or will not be, on the server. */
function Kept() {
  const problem = useMeasurementStore((state) => state.problem);
  return (
    problem !== null && (
      <p className={classes.problem} role="alert">
        {problem}
      </p>
    )
  );
}

interface OwnRowProps {
  readonly measurement: Measurement;
  readonly measuring: MeasurementPort;
}

function OwnRow({ measurement, measuring }: OwnRowProps) {
  const { id, label } = measurement;
  const words = textOf(
    measurement,
    useRead((state) => state.isMeasured),
  );
  return (
    <MeasurementRow
      measurement={measurement}
      label={
        <input
          className={classes.label}
          aria-label={`Label of ${words}`}
          placeholder="label"
          maxLength={LONGEST_LABEL}
          value={label}
          onChange={(event) => measuring.label(id, event.currentTarget.value)}
          onKeyDown={leaveWhenDone}
        />
      }
    >
      <UnstyledButton
        className={classes.remove}
        aria-label={`Remove ${words}`}
        onClick={() => measuring.remove(id)}
      >
        <IconX size={14} aria-hidden />
      </UnstyledButton>
    </MeasurementRow>
  );
}

/** The keys go back to the image. */
function leaveWhenDone(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key === 'Enter' || event.key === 'Escape') {
    event.currentTarget.blur();
  }
}
