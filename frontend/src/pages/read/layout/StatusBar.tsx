import { useEffect, useState } from 'react';
import type { SaveQueue } from '../../../session';
import type { Cursor } from '../../../viewer';
import { NO_MASK } from '../../../voxels';
import { signed } from '../../words';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { paintWords } from '../tools/paintWords';
import { typeWindow } from '../tools/windowField';
import { useSaveState } from '../useOpenCase';
import classes from './StatusBar.module.css';
import { ViewNotes } from './ViewNotes';

/** Follows the pointer; drawn on its own so that nothing else is drawn with it. */
export function StatusBar({ assignment, queue }: Pick<OpenedCase, 'assignment' | 'queue'>) {
  return (
    <footer className={classes.bar}>
      <UnderPointer />
      <span className={classes.space} />
      <ViewNotes assignment={assignment} />
      <Limits />
      <LoadWords />
      <HowShown />
      <Revision queue={queue} />
    </footer>
  );
}

function useCursor(): Cursor | null {
  const port = useRead((state) => state.port);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  useEffect(() => port?.onCursor(setCursor), [port]);
  return cursor;
}

function UnderPointer() {
  const cursor = useCursor();
  const structures = useRead((state) => state.structures);
  const isMeasured = useRead((state) => state.isMeasured);
  if (cursor === null) {
    return null;
  }
  const under = structures.find(
    ({ layer, value }) => layer === cursor.structure?.layer && value === cursor.structure.value,
  );
  return (
    <>
      <span className={classes.index}>({cursor.ijk.join(', ')})</span>
      {isMeasured && (
        <span className={classes.point}>
          L {signed(cursor.lps[0])}&ensp;P {signed(cursor.lps[1])}&ensp;S {signed(cursor.lps[2])} mm
        </span>
      )}
      <span className={classes.hu}>HU {cursor.hu === null ? '—' : signed(cursor.hu, 0)}</span>
      <span className={classes.structure}>{under?.name ?? ''}</span>
    </>
  );
}

/** Where painting is limited, so that nobody wonders why the brush does nothing. */
function Limits() {
  const words = useRead(({ paint, structures }) => paintWords(paint, structures));
  const set = useRead((state) => state.set);
  return words === null ? null : (
    <button
      type="button"
      className={classes.note}
      title="Paint anywhere again"
      onClick={() => set({ paint: NO_MASK })}
    >
      Paint: {words} ×
    </button>
  );
}

function HowShown() {
  const cursor = useCursor();
  return (
    cursor !== null && (
      <>
        <button
          type="button"
          className={classes.window}
          title="Type the window's width and centre"
          // The field takes the focus, not this.
          onMouseDown={(event) => event.preventDefault()}
          onClick={typeWindow}
        >
          W {Math.round(cursor.window.width)} L {signed(cursor.window.level, 0)}
        </button>
        <span className={classes.zoom}>{cursor.zoom.toFixed(1)}×</span>
      </>
    )
  );
}

function Revision({ queue }: { readonly queue: SaveQueue }) {
  const { kind } = useSaveState(queue);
  return (
    <span data-testid="revision" data-state={kind}>
      rev {queue.head}
    </span>
  );
}

function LoadWords() {
  const progress = useRead((state) => state.progress);
  if (progress === null || progress.loadedSlices >= progress.totalSlices) {
    return null;
  }
  return (
    <span>
      loading {progress.loadedSlices} of {progress.totalSlices} slices
    </span>
  );
}
