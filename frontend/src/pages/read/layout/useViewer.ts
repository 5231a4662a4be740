import { type RefObject, useEffect, useState } from 'react';
import type { Structure } from '../../../api';
import { createViewer, type PlaneElements, type ViewerPort } from '../../../viewer';
import type { Plane } from '../../../voxels';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { askedBox } from './asked';
import { viewsOf } from './passOn';

export type Elements = Partial<Record<Plane, HTMLDivElement | null>>;

export interface Mounted {
  readonly port: ViewerPort | null;
  readonly problem: string | null;
}

/** Mounts the viewer in the elements of the three planes. A new attempt mounts it anew. */
export function useViewer(opened: OpenedCase, elements: RefObject<Elements>, attempt: number): Mounted {
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
      // A task of its own, after the one that put the page up.
      await nextTurn();
      if (isGone) {
        return;
      }
      const created = await mount({ axial, sagittal, coronal }, opened);
      if (isGone) {
        created.destroy();
        return;
      }
      port = created;
      created.load((progress) => !isGone && set({ progress })).catch(fail);
      // The page follows in a task of its own.
      await nextTurn();
      if (isGone) {
        return;
      }
      set({
        port,
        voxel_ml: voxelMl(opened),
        isMeasured: opened.assignment.volume.spacing_known,
      });
      activateFirstDrawn(created);
      setMounted({ port, problem: null });
      exposeForTests(created);
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

function nextTurn(): Promise<void> {
  return new Promise((resume) => setTimeout(resume, 0));
}

function mount(
  elements: PlaneElements,
  { assignment, mask, counts, prediction }: OpenedCase,
): Promise<ViewerPort> {
  return createViewer(elements, {
    volume: assignment.volume,
    imageUrl: `/api/volumes/${assignment.volume.id}/zarr`,
    mask,
    counts,
    prediction,
    structures: viewsOf(useRead.getState()),
    editable: assignment.editable,
    bounds: askedBox(assignment),
    window: useRead.getState().window,
  });
}

/** Of 104 structures, a scan of the abdomen holds forty: the first of those, rather than the first of all. */
function activateFirstDrawn({ engine }: ViewerPort): void {
  const { structures, active, activate } = useRead.getState();
  const isDrawn = ({ layer, value }: Structure): boolean => engine.voxelCount(layer, value) > 0;
  if (active === structures[0] && active !== null && !isDrawn(active)) {
    activate(structures.find(isDrawn));
  }
}

function voxelMl({ assignment }: OpenedCase): number {
  return assignment.volume.spacing_mm.reduce((volume, mm) => volume * mm, 1) / 1000;
}

/** Browser tests read voxels through this; without `?debug` in the address nothing is exposed. */
function exposeForTests(viewer: ViewerPort): void {
  if (new URLSearchParams(window.location.search).has('debug')) {
    Object.assign(window, { __delineate: { viewer } });
  }
}
