/** What the reader sets on the page goes to the viewer, only what changed; what the viewer changes comes back. */
import { useEffect } from 'react';
import type { Structure } from '../../../api';
import type { Stroke, StructureView, ViewerPort, VoiWindow } from '../../../viewer';
import { drawingOf, isShown, type ReadState, useRead } from '../readStore';
import { toolOf } from '../tools/toolTable';

export function viewsOf(state: ReadState): StructureView[] {
  const { structures, locked, opacity, opacities } = state;
  return structures.map(({ key, layer, value, name, colour }: Structure) => ({
    layer,
    value,
    name,
    colour,
    visible: isShown(state, key),
    locked: locked.has(key),
    opacity: opacities.get(key) ?? opacity,
    drawing: drawingOf(state, key),
  }));
}

type Part = readonly [names: readonly (keyof ReadState)[], pass: (port: ViewerPort, now: ReadState) => void];

const PARTS: readonly Part[] = [
  [
    ['structures', 'hidden', 'solo', 'locked', 'opacity', 'opacities', 'drawing', 'drawings'],
    (port, now) => port.setStructures(viewsOf(now)),
  ],
  [['active'], (port, { active }) => active !== null && port.setActive(active.layer, active.value)],
  [['tool'], (port, { tool }) => port.tools.select(toolOf(tool).pointer)],
  [['brush'], (port, { brush }) => port.setBrush(brush)],
  [['options'], (port, { options }) => port.tools.setOptions(options)],
  [['paint'], (port, { paint }) => port.tools.setMask(paint)],
  [['window'], (port, { window }) => port.setWindow(window)],
  [
    ['slab', 'slab_mm'],
    (port, { slab, slab_mm }) =>
      port.views.setSlab(slab === null ? null : { projection: slab, thickness_mm: slab_mm }),
  ],
  [['peek'], (port, { peek }) => port.peek(peek)],
  [['layout', 'single'], (port, { layout, single }) => port.views.setLayout(layout, single)],
  [['oblique'], (port, { oblique }) => port.views.setOblique(oblique)],
];

export function usePassedOn(port: ViewerPort | null): void {
  useEffect(() => {
    if (port === null) {
      return undefined;
    }
    passOn(port, useRead.getState(), null);
    return useRead.subscribe((now, before) => passOn(port, now, before));
  }, [port]);
}

function passOn(port: ViewerPort, now: ReadState, before: ReadState | null): void {
  for (const [names, pass] of PARTS) {
    if (before === null || names.some((name) => now[name] !== before[name])) {
      pass(port, now);
    }
  }
}

export function useListeners(port: ViewerPort | null, onStroke: (stroke: Stroke) => void): void {
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
      port.views.onOblique((oblique) => set({ oblique })),
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
