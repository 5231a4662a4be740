import { CloseButton } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Assignment } from '../../../api';
import type { Plane } from '../../../voxels';
import { call } from '../keys/handlers';
import { useShownKey } from '../keys/keyStore';
import planes from '../layout/Planes.module.css';
import { useRead } from '../readStore';
import classes from './BesidePane.module.css';
import { type Progress, useCompareStore } from './compareStore';
import { sourceWords } from './sources';

interface BesidePaneProps {
  readonly plane: Plane;
  readonly assignment: Assignment;
}

/** The right side: the same plane with the other mask, to look at. The viewer draws inside. */
export function BesidePane({ plane, assignment }: BesidePaneProps) {
  const element = useRef<HTMLDivElement>(null);
  const port = useRead((state) => state.port);
  useEffect(() => {
    if (port === null) {
      return undefined;
    }
    port.views.mountBeside(element.current, plane);
    return () => port.views.mountBeside(null, plane);
  }, [port, plane]);
  return (
    <div className={planes.pane} data-pane="beside" data-place="b" data-side="right">
      <SideName side="right" assignment={assignment} />
      <div ref={element} className={planes.plane} data-testid="plane-beside" />
    </div>
  );
}

interface SideNameProps {
  readonly side: 'left' | 'right';
  readonly assignment: Assignment;
}

/** Whose mask it is, above the image and not on it. */
export function SideName({ side, assignment }: SideNameProps) {
  const source = useCompareStore(({ comparison }) =>
    side === 'left' ? comparison?.shown : comparison?.base,
  );
  const progress = useCompareStore((state) => state.progress);
  if (!source) {
    return null;
  }
  return (
    <div className={classes.name} data-testid={`side-${side}`}>
      <span className={classes.whose}>{sourceWords(source, assignment)}</span>
      {source.kind !== 'mine' && <span className={classes.aside}>{asideOf(progress)}</span>}
      {side === 'right' && <Leave />}
    </div>
  );
}

function asideOf(progress: Progress): string {
  switch (progress.kind) {
    case 'fetching':
      return 'being fetched…';
    case 'failed':
      return progress.sentence;
    default:
      return 'to look at';
  }
}

function Leave() {
  const key = useShownKey('view.beside');
  return (
    <CloseButton
      size="xs"
      className={classes.leave ?? ''}
      aria-label="Leave side by side"
      title={`Leave side by side${key === '' ? '' : ` (${key})`}`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => call('toggleBeside')}
    />
  );
}
