import { useEffect, useState } from 'react';
import type { SaveState } from '../../../session';
import type { Cursor } from '../../../viewer';
import { signed } from '../../words';
import { useRead } from '../readStore';
import classes from './StatusBar.module.css';

interface StatusBarProps {
  readonly head: number;
  readonly save: SaveState;
}

/** Follows the pointer; drawn on its own so that nothing else is drawn with it. */
export function StatusBar({ head, save }: StatusBarProps) {
  const cursor = useCursor();
  const structures = useRead((state) => state.structures);
  const under = structures.find(
    ({ layer, value }) => layer === cursor?.structure?.layer && value === cursor?.structure?.value,
  );
  return (
    <footer className={classes.bar}>
      {cursor !== null && (
        <>
          <span className={classes.index}>({cursor.ijk.join(', ')})</span>
          <span className={classes.point}>
            L {signed(cursor.lps[0])}&ensp;P {signed(cursor.lps[1])}&ensp;S {signed(cursor.lps[2])} mm
          </span>
          <span className={classes.hu}>HU {cursor.hu === null ? '—' : signed(cursor.hu, 0)}</span>
          <span className={classes.structure}>{under?.name ?? ''}</span>
        </>
      )}
      <span className={classes.space} />
      <LoadWords />
      {cursor !== null && (
        <>
          <span>
            W {Math.round(cursor.window.width)} L {signed(cursor.window.level, 0)}
          </span>
          <span className={classes.zoom}>{cursor.zoom.toFixed(1)}×</span>
        </>
      )}
      <span data-testid="revision" data-state={save.kind}>
        rev {head}
      </span>
    </footer>
  );
}

function useCursor(): Cursor | null {
  const port = useRead((state) => state.port);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  useEffect(() => port?.onCursor(setCursor), [port]);
  return cursor;
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
