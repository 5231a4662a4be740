import { Button } from '@mantine/core';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Structure } from '../../../api';
import {
  createViewer,
  type PlaneElements,
  type Stroke,
  type StructureView,
  type ViewerPort,
  type VoiWindow,
} from '../../../viewer';
import { PLANES, type Plane } from '../../../voxels';
import { Message } from '../../shell/RootLayout';
import type { OpenedCase } from '../openCase';
import { type ReadState, useRead } from '../readStore';
import classes from './Planes.module.css';

interface PlanesProps {
  readonly opened: OpenedCase;
  readonly onStroke: (stroke: Stroke) => void;
}

type Mounted = { readonly port: ViewerPort | null; readonly problem: string | null };

/** Axial large, sagittal and coronal beside it. The viewer draws inside; this lays out and passes settings on. */
export function Planes({ opened, onStroke }: PlanesProps) {
  const [attempt, setAttempt] = useState(0);
  const elements = useRef<Partial<Record<Plane, HTMLDivElement | null>>>({});
  const { port, problem } = useViewer(opened, elements, attempt);
  const maximised = useRead((state) => state.maximised);
  usePassedOn(port);
  useListeners(port, onStroke);
  useDifference(port, opened);
  return (
    <main className={classes.planes} aria-label="Image">
      {PLANES.map((plane) => (
        <div
          key={`${plane}-${attempt}`}
          ref={(element) => {
            elements.current[plane] = element;
          }}
          className={classes.plane}
          data-plane={plane}
          data-maximised={maximised === plane || undefined}
          data-testid={`plane-${plane}`}
        />
      ))}
      <LoadBar />
      {problem !== null && (
        <div className={classes.problem}>
          <Message title="The image could not be loaded" text={problem}>
            <Button onClick={() => setAttempt((count) => count + 1)}>Try again</Button>
          </Message>
        </div>
      )}
    </main>
  );
}

function useViewer(
  opened: OpenedCase,
  elements: RefObject<Partial<Record<Plane, HTMLDivElement | null>>>,
  attempt: number,
): Mounted {
  const [mounted, setMounted] = useState<Mounted>({ port: null, problem: null });
  const set = useRead((state) => state.set);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt mounts the viewer anew
  useEffect(() => {
    const { axial, sagittal, coronal } = elements.current;
    if (!axial || !sagittal || !coronal) {
      return undefined;
    }
    let isGone = false;
    let port: ViewerPort | null = null;
    const fail = (error: unknown): void => {
      if (!isGone) setMounted({ port, problem: error instanceof Error ? error.message : String(error) });
    };
    const start = async (): Promise<void> => {
      const created = await mount({ axial, sagittal, coronal }, opened);
      if (isGone) {
        created.destroy();
        return;
      }
      port = created;
      exposeForTests(created);
      set({ port });
      setMounted({ port, problem: null });
      await created.load((progress) => !isGone && set({ progress }));
    };
    start().catch(fail);
    return () => {
      isGone = true;
      port?.destroy();
      set({ port: null, progress: null });
    };
  }, [opened, elements, attempt, set]);
  return mounted;
}

function mount(elements: PlaneElements, { assignment, mask, prediction }: OpenedCase): Promise<ViewerPort> {
  return createViewer(elements, {
    volume: assignment.volume,
    imageUrl: `/api/volumes/${assignment.volume.id}/zarr`,
    mask,
    prediction,
    structures: viewsOf(useRead.getState()),
    editable: assignment.editable,
    window: useRead.getState().window,
  });
}

/** Browser tests read voxels through this; without `?debug` in the address nothing is exposed. */
function exposeForTests(viewer: ViewerPort): void {
  if (new URLSearchParams(window.location.search).has('debug')) {
    Object.assign(window, { __delineate: { viewer } });
  }
}

function viewsOf({ structures, hidden, locked, opacity }: ReadState): StructureView[] {
  return structures.map((structure: Structure) => ({
    layer: structure.layer,
    value: structure.value,
    name: structure.name,
    colour: structure.colour,
    visible: !hidden.has(structure.key),
    locked: locked.has(structure.key),
    opacity,
  }));
}

/** What the reader sets on the page goes to the viewer; only what changed. */
function usePassedOn(port: ViewerPort | null): void {
  useEffect(() => {
    if (port === null) {
      return undefined;
    }
    passOn(port, useRead.getState(), null);
    return useRead.subscribe((now, before) => passOn(port, now, before));
  }, [port]);
}

function passOn(port: ViewerPort, now: ReadState, before: ReadState | null): void {
  const changed = (...names: (keyof ReadState)[]): boolean =>
    before === null || names.some((name) => now[name] !== before[name]);
  if (changed('structures', 'hidden', 'locked', 'opacity')) {
    port.setStructures(viewsOf(now));
  }
  if (changed('active') && now.active !== null) {
    port.setActive(now.active.layer, now.active.value);
  }
  if (changed('tool')) {
    port.setTool(now.tool);
  }
  if (changed('brush')) {
    port.setBrush(now.brush);
  }
  if (changed('window')) {
    port.setWindow(now.window);
  }
  if (changed('peek')) {
    port.peek(now.peek);
  }
}

function useListeners(port: ViewerPort | null, onStroke: (stroke: Stroke) => void): void {
  useEffect(() => {
    if (port === null) {
      return undefined;
    }
    const { set } = useRead.getState();
    const stops = [
      port.onStroke((stroke) => {
        onStroke(stroke);
        set({ drawn: useRead.getState().drawn + 1 });
      }),
      port.onCursor(({ window }) => followWindow(window)),
      port.onBrush((brush) => set({ brush })),
      port.onMaximise((maximised) => set({ maximised })),
    ];
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [port, onStroke]);
}

/** Dragging changes the window inside the viewer; the presets show whether one of them is still on. */
function followWindow(window: VoiWindow): void {
  const { window: known, set } = useRead.getState();
  if (known.width !== window.width || known.level !== window.level) {
    set({ window });
  }
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
