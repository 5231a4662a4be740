import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Pane, Stroke, ViewerPort } from '../../../viewer';
import { PLANES, type Plane } from '../../../voxels';
import { Message } from '../../shell/RootLayout';
import { BesidePane, SideName } from '../compare/BesidePane';
import { useBesidePlane, useRoomBeside } from '../compare/useBeside';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { GoToSlice } from './GoToSlice';
import { placeOf, seenPlanes } from './layouts';
import classes from './Planes.module.css';
import { useListeners, usePassedOn } from './passOn';
import { SliceRail } from './SliceRail';
import { type Elements, useViewer } from './useViewer';
import { VolumePane } from './VolumePane';

interface PlanesProps {
  readonly opened: OpenedCase;
  readonly onStroke: (stroke: Stroke) => void;
}

/** The panes of the layout, each plane with its rail. The viewer draws inside; this lays out and passes settings on. */
export function Planes({ opened, onStroke }: PlanesProps) {
  const [attempt, setAttempt] = useState(0);
  const elements = useRef<Elements>({});
  const { port, problem } = useViewer(opened, elements, attempt);
  const layout = useRead((state) => state.layout);
  const beside = useBesidePlane();
  useRoomBeside();
  useSeen(port, beside);
  usePassedOn(port);
  useListeners(port, onStroke);
  useDifference(port, opened);
  return (
    <main className={classes.planes} aria-label="Image" data-layout={beside === null ? layout : 'beside'}>
      {PLANES.map((plane) => (
        <PaneFrame key={`${plane}-${attempt}`} pane={plane} beside={beside}>
          {plane === beside && <SideName side="left" assignment={opened.assignment} />}
          <div
            ref={(element) => {
              elements.current[plane] = element;
            }}
            className={classes.plane}
            data-plane={plane}
            data-testid={`plane-${plane}`}
          />
          <SliceRail plane={plane} />
          <GoToSlice plane={plane} />
        </PaneFrame>
      ))}
      {beside === null ? (
        <PaneFrame pane="volume" beside={null}>
          <VolumePane />
        </PaneFrame>
      ) : (
        <BesidePane plane={beside} assignment={opened.assignment} />
      )}
      <LoadBar />
      {problem !== null && <Problem text={problem} onAgain={() => setAttempt((count) => count + 1)} />}
    </main>
  );
}

function Problem({ text, onAgain }: { readonly text: string; readonly onAgain: () => void }) {
  return (
    <div className={classes.problem}>
      <Message title="The image could not be loaded" text={text}>
        <Button onClick={onAgain}>Try again</Button>
      </Message>
    </div>
  );
}

interface PaneFrameProps {
  readonly pane: Pane;
  /** The plane that is shown twice. */
  readonly beside: Plane | null;
  readonly children: ReactNode;
}

/** Panes that the layout leaves out keep a size below the others, so that going back costs nothing. */
function PaneFrame({ pane, beside, children }: PaneFrameProps) {
  const place = useRead(({ layout, single, maximised }) => placeOf(pane, layout, single, maximised, beside));
  return (
    <div
      className={classes.pane}
      data-pane={pane}
      data-place={place ?? 'none'}
      data-side={pane === beside ? 'left' : undefined}
    >
      {children}
    </div>
  );
}

/** What is hidden must not count as looked at. */
function useSeen(port: ViewerPort | null, beside: Plane | null): void {
  const seen = useRead(({ layout, single, maximised }) =>
    seenPlanes(layout, single, maximised, beside).join(' '),
  );
  useEffect(() => {
    port?.views.setSeen(PLANES.filter((plane) => seen.split(' ').includes(plane)));
  }, [port, seen]);
}

function useDifference(port: ViewerPort | null, { prediction }: OpenedCase): void {
  const difference = useRead((state) => state.difference);
  useEffect(() => {
    port?.showDifference(difference ? prediction : null);
  }, [port, prediction, difference]);
}

function LoadBar() {
  const progress = useRead((state) => state.progress);
  if (progress === null || progress.loadedSlices >= progress.totalSlices) {
    return null;
  }
  return (
    <progress
      className={classes.load}
      aria-label="Image loading"
      value={progress.loadedSlices}
      max={progress.totalSlices}
    />
  );
}
