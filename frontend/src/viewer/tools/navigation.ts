/** Gestures that move what is seen: pan, zoom, window, crosshair. */
import type { ScreenPoint } from '../planeFrame';
import { turnedInPlane } from '../views/planeAxes';
import type { Gesture, ToolHost, ToolPane } from './host';

const WIDTH_PER_PIXEL = 2;
const LEVEL_PER_PIXEL = 1;
const ZOOM_PER_PIXEL = 1.008;

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

export function panGesture(pane: ToolPane, at: ScreenPoint): Gesture {
  return dragGesture(at, (dx, dy) => pane.pan(dx, dy));
}

export function zoomGesture(pane: ToolPane, at: ScreenPoint): Gesture {
  return dragGesture(at, (_, dy) => pane.zoom(ZOOM_PER_PIXEL ** -dy, at));
}

/** Right widens the window, down raises its level, as on a reading workstation. */
export function windowGesture(host: ToolHost, at: ScreenPoint): Gesture {
  return dragGesture(at, (dx, dy) => {
    const { width, level } = host.window;
    host.setWindow({ width: Math.max(1, width + dx * WIDTH_PER_PIXEL), level: level + dy * LEVEL_PER_PIXEL });
  });
}

/** Turns all planes about the crosshair: what lies under the pointer follows it round. */
export function turnGesture(host: ToolHost, pane: ToolPane, at: ScreenPoint): Gesture {
  const before = pane.degrees;
  const middle = pane.screenOf(host.crosshair());
  const angleOf = ({ x, y }: ScreenPoint): number => Math.atan2(y - middle.y, x - middle.x);
  return {
    move: (point) => {
      const clockwise = ((angleOf(point) - angleOf(at)) * 180) / Math.PI;
      host.turn(turnedInPlane(before, pane.frame.plane, clockwise));
    },
    end() {},
    cancel: () => host.turn(before),
  };
}

export function crosshairGesture(host: ToolHost, pane: ToolPane, at: ScreenPoint): Gesture {
  host.moveCrosshair(pane.voxelAt(at), pane);
  return {
    move: (point) => host.moveCrosshair(pane.voxelAt(point), pane),
    end() {},
    cancel() {},
  };
}
