/** Brushes: what they write, and the gesture that draws with them. */
import type { Ijk, StrokeTarget } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { Gesture, ToolHost, ToolPane } from './host';
import { StrokePath } from './strokePath';

export const BRUSHES = ['brush', 'eraser', 'threshold_brush', 'accept_brush'] as const;
export type BrushTool = (typeof BRUSHES)[number];

export function isBrush(tool: string): tool is BrushTool {
  return (BRUSHES as readonly string[]).includes(tool);
}

/** Shift turns a brush into the eraser, and lets the eraser take every structure of the layer. */
export function strokeTarget(host: ToolHost, tool: BrushTool, shift: boolean): StrokeTarget | string {
  const { layer, value } = host.active;
  const hu = tool === 'threshold_brush' ? { hu: host.options.thresholdBrush } : {};
  if (shift || tool === 'eraser')
    return { tool: 'eraser', layer, value, all: shift && tool === 'eraser', ...hu };
  if (tool !== 'accept_brush') return { tool, layer, value, ...hu };
  if (host.prediction === null) return 'This case has no prediction to take over.';
  return { tool, layer, value, writes: host.prediction };
}

/** Why the engine would not begin; for the reader. */
export function refusalOf(host: ToolHost): string {
  if (host.refusal !== '') return host.refusal;
  const { engine, active } = host;
  if (engine.isDrawing) return 'The edit before this one is still being made; try again in a moment.';
  if (engine.isLocked(active.layer, active.value)) {
    return 'The active structure is locked; unlock it or choose another one.';
  }
  return '';
}

export function strokeGesture(
  host: ToolHost,
  pane: ToolPane,
  tool: BrushTool,
  shift: boolean,
  at: ScreenPoint,
): Gesture | null {
  const target = strokeTarget(host, tool, shift);
  const refusal =
    refusalOf(host) || (typeof target === 'string' ? target : huRefusal(host, target, pane, at));
  if (refusal !== '' || typeof target === 'string' || !host.engine.begin(target)) {
    if (refusal !== '') host.say(refusal);
    return null;
  }
  let last = pane.indexAt(at);
  const stampTo = (to: Ijk) => {
    const { radius_mm, sphere } = host.brush;
    const from = last;
    last = to;
    return host.engine.stampInSteps({ from, to, radius_mm, plane: sphere ? null : pane.frame.plane });
  };
  const path = new StrokePath(last, stampTo, (box) => host.edited(box));
  path.begin();
  // The other planes come along once, at the start: they show where the stroke is, and do not run while drawing.
  host.moveCrosshair(pane.voxelAt(at), pane);
  return {
    move: (point) => path.add(pane.indexAt(point)),
    end() {
      host.afterwards.leave(() => {
        path.finish();
        const record = host.engine.commit();
        if (record !== null) host.strokeEnded(record);
      });
    },
    cancel() {
      path.drop();
      host.engine.cancel();
      host.redraw();
    },
  };
}

/** A brush that looks at HU would silently paint nothing where the slice has not come yet. */
function huRefusal(host: ToolHost, target: StrokeTarget, pane: ToolPane, at: ScreenPoint): string {
  const needsHu = target.hu !== undefined || host.engine.mask.hu !== null;
  if (!needsHu || host.image.isFull(pane.voxelAt(at)[2])) return '';
  return 'This slice is not loaded in full yet, so its HU are not known; try again in a moment.';
}
