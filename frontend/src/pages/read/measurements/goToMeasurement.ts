import { endsOf, type Measurement } from '../../../viewer';
import { useRead } from '../readStore';

/** To the slice, or the turned plane, in which it was measured. */
export function goToMeasurement(measurement: Measurement): void {
  const { port, oblique, set } = useRead.getState();
  const { plane, slice, tilt } = measurement;
  const isTurnedAlike = tilt.every((degrees, axis) => degrees === oblique[axis]);
  if (!isTurnedAlike) set({ oblique: tilt });
  const first = endsOf(measurement)[0]?.[1];
  if (tilt.every((degrees) => degrees === 0)) port?.views.setSlice(plane, slice);
  else if (first !== undefined) port?.goTo(first);
}

/** Where it is, in two or three words. */
export function whereMeasured({ plane, slice, tilt }: Measurement): string {
  return tilt.every((degrees) => degrees === 0) ? `${plane} ${slice}` : `${plane}, turned`;
}
