import { TextInput, UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, useCallback, useState, useSyncExternalStore, type WheelEvent } from 'react';
import type { ViewerPort } from '../../../viewer';
import { PLANE_AXIS, type Plane } from '../../../voxels';
import { useShownKey } from '../keys/keyStore';
import { useRead } from '../readStore';
import classes from './GoToSlice.module.css';
import { sliceIn } from './typed';

/** The number of the slice in the corner of a plane: a click on it opens a field for another one. */
export function GoToSlice({ plane }: { readonly plane: Plane }) {
  const port = useRead((state) => state.port);
  const isOpen = useRead((state) => state.goingTo === plane);
  const isTurned = useRead(({ oblique }) => oblique.some((degrees) => degrees !== 0));
  if (port === null) {
    return null;
  }
  if (isOpen) {
    return <Field port={port} plane={plane} isTurned={isTurned} />;
  }
  return isTurned ? null : <Opener port={port} plane={plane} />;
}

interface PartProps {
  readonly port: ViewerPort;
  readonly plane: Plane;
}

/** The number itself is drawn by the plane; this is where it can be pressed. */
function Opener({ port, plane }: PartProps) {
  const slice = useSlice(port, plane);
  const key = useShownKey('slice.go_to');
  const set = useRead((state) => state.set);
  const last = port.tools.shape[PLANE_AXIS[plane]] - 1;
  return (
    <UnstyledButton
      className={classes.opener}
      aria-label={`Go to ${plane} slice by number; now ${slice} of 0 to ${last}`}
      title={`Go to a slice by its number${key === '' ? '' : ` (${key})`}`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => set({ goingTo: plane })}
      onWheel={wheelBelow}
    />
  );
}

/** The plane goes on scrolling where its number lies over it. */
function wheelBelow({ clientX, clientY, nativeEvent }: WheelEvent): void {
  const [, below] = document.elementsFromPoint(clientX, clientY);
  below?.dispatchEvent(new window.WheelEvent('wheel', nativeEvent));
}

function useSlice({ views }: ViewerPort, plane: Plane): number {
  return useSyncExternalStore(
    useCallback((changed) => views.onSlices(changed), [views]),
    () => views.slices[plane],
  );
}

const TURNED = 'The planes are turned: their slices have no numbers. Straighten them first.';

function Field({ port, plane, isTurned }: PartProps & { readonly isTurned: boolean }) {
  const [typed, setTyped] = useState(() => String(port.views.slices[plane]));
  const [problem, setProblem] = useState(isTurned ? TURNED : null);
  const set = useRead((state) => state.set);
  const close = (): void => set({ goingTo: null });
  const go = (): void => {
    const taken = sliceIn(typed, plane, port.tools.shape[PLANE_AXIS[plane]]);
    if (isTurned) setProblem(TURNED);
    else if ('problem' in taken) setProblem(taken.problem);
    else {
      port.views.setSlice(plane, taken.value);
      close();
    }
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') go();
    else if (event.key === 'Escape') close();
    else return;
    // The page has meanings of its own for both.
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes.field}>
      <TextInput
        size="xs"
        autoFocus
        inputMode="numeric"
        aria-label={`Number of the ${plane} slice to go to`}
        aria-invalid={problem !== null}
        value={typed}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          if (!isTurned) setProblem(null);
        }}
        onKeyDown={keys}
        onBlur={close}
      />
      {problem !== null && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
