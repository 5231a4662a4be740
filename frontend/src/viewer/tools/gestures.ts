/** What a drag with the pointer does. One gesture lives from pointer down to pointer up. */
import type { EditBox, EditEngine, Ijk, StrokeRecord } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { PlanePane } from '../planePane';
import type { Brush, VoiWindow } from '../port';
import type { Gesture, PointerStart, ToolPane } from './host';
import type { PointerTool } from './port';

export interface GestureHost {
  readonly engine: EditEngine;
  readonly brush: Brush;
  readonly window: VoiWindow;
  readonly active: { readonly layer: number; readonly value: number };
  readonly canDraw: boolean;
  setWindow(window: VoiWindow): void;
  /** Moves the crosshair; the planes other than `from` follow. */
  moveCrosshair(index: Ijk, from: ToolPane): void;
  edited(box: EditBox): void;
  strokeEnded(record: StrokeRecord): void;
  strokeDropped(): void;
}

const WIDTH_PER_PIXEL = 2;
const LEVEL_PER_PIXEL = 1;
const ZOOM_PER_PIXEL = 1.008;

export function gestureFor(
  host: GestureHost,
  tool: PointerTool,
  pane: PlanePane,
  start: PointerStart,
  at: ScreenPoint,
): Gesture | null {
  if (start.button === 1) return panGesture(pane, at);
  if (start.button === 2) return windowGesture(host, at);
  if (start.button !== 0) return null;
  switch (tool) {
    case 'pan':
      return panGesture(pane, at);
    case 'zoom':
      return zoomGesture(pane, at);
    case 'window':
      return windowGesture(host, at);
    case 'crosshair':
      return crosshairGesture(host, pane, at);
    case 'brush':
    case 'eraser':
      return strokeGesture(host, pane, tool, start.shift, at);
    default:
      return null;
  }
}

/** A gesture that only looks at how far the pointer went since the last event. */
function dragGesture(at: ScreenPoint, onDrag: (dx: number, dy: number) => void): Gesture {
  let last = at;
  return {
    move(point) {
      onDrag(point.x - last.x, point.y - last.y);
      last = point;
    },
    end() {},
    cancel() {},
  };
}

function panGesture(pane: PlanePane, at: ScreenPoint): Gesture {
  return dragGesture(at, (dx, dy) => pane.pan(dx, dy));
}

function zoomGesture(pane: PlanePane, at: ScreenPoint): Gesture {
  return dragGesture(at, (_, dy) => pane.zoom(ZOOM_PER_PIXEL ** -dy, at));
}

/** Right widens the window, down raises its level, as on a reading workstation. */
function windowGesture(host: GestureHost, at: ScreenPoint): Gesture {
  return dragGesture(at, (dx, dy) => {
    const { width, level } = host.window;
    host.setWindow({ width: Math.max(1, width + dx * WIDTH_PER_PIXEL), level: level + dy * LEVEL_PER_PIXEL });
  });
}

function crosshairGesture(host: GestureHost, pane: PlanePane, at: ScreenPoint): Gesture {
  host.moveCrosshair(pane.voxelAt(at), pane);
  return {
    move: (point) => host.moveCrosshair(pane.voxelAt(point), pane),
    end() {},
    cancel() {},
  };
}

/** Shift turns the brush into the eraser, and lets the eraser take every structure of the layer. */
function strokeGesture(
  host: GestureHost,
  pane: PlanePane,
  tool: 'brush' | 'eraser',
  shift: boolean,
  at: ScreenPoint,
): Gesture | null {
  const drawn = shift ? 'eraser' : tool;
  const all = shift && tool === 'eraser';
  if (!host.canDraw || !host.engine.begin({ tool: drawn, ...host.active, all })) return null;
  let last = pane.indexAt(at);
  const stampTo = (to: Ijk): void => {
    const { radius_mm, sphere } = host.brush;
    const box = host.engine.stamp({ from: last, to, radius_mm, plane: sphere ? null : pane.frame.plane });
    last = to;
    if (box !== null) host.edited(box);
  };
  stampTo(last);
  // The other planes come along once, at the start: they show where the stroke is, and do not run while drawing.
  host.moveCrosshair(pane.voxelAt(at), pane);
  return {
    move: (point) => stampTo(pane.indexAt(point)),
    end() {
      const record = host.engine.commit();
      if (record !== null) host.strokeEnded(record);
    },
    cancel() {
      host.engine.cancel();
      host.strokeDropped();
    },
  };
}
