/** Scissors: a rectangle, a circle or a free line, cut through slices. */
import { type Outline, type SlicePoint, slicePoint, sliceReach } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { Gesture, PointerStart, ToolHost, ToolPane } from './host';
import { fillOutline } from './outlines';
import type { Pen } from './pen';
import type { ScissorsOptions } from './port';
import { refusalOf } from './strokes';

const STEP_PX = 2;
/** A shorter drag was a click. */
const SHORTEST_PX = 3;
const CIRCLE_CORNERS = 90;

interface OpenCut {
  readonly pane: ToolPane;
  readonly slice: number;
  readonly form: ScissorsOptions['form'];
  readonly erases: boolean;
  readonly points: SlicePoint[];
}

export class ScissorsTool {
  private readonly host: ToolHost;
  private open: OpenCut | null = null;

  constructor(host: ToolHost) {
    this.host = host;
  }

  get isOpen(): boolean {
    return this.open !== null;
  }

  begin(pane: ToolPane, { shift }: PointerStart, at: ScreenPoint): Gesture | null {
    const refusal = refusalOf(this.host);
    if (refusal !== '') {
      this.host.say(refusal);
      return null;
    }
    const { form, action } = this.host.options.scissors;
    const pointOf = (point: ScreenPoint) => slicePoint(pane.frame.plane, pane.indexAt(point));
    const erases = (action === 'erase') !== shift;
    const open: OpenCut = { pane, slice: pane.slice, form, erases, points: [pointOf(at)] };
    this.open = open;
    let last = at;
    return {
      move: (point) => {
        if (Math.hypot(point.x - last.x, point.y - last.y) < STEP_PX) return;
        if (form === 'freehand') open.points.push(pointOf(point));
        else open.points[1] = pointOf(point);
        last = point;
        this.host.sketched();
      },
      end: () => this.cut(open, Math.hypot(last.x - at.x, last.y - at.y)),
      cancel: () => this.drop(),
    };
  }

  /** Drops what is being drawn; letting go of the pointer then cuts nothing. */
  drop(): void {
    this.open = null;
    this.host.sketched();
  }

  private cut(open: OpenCut, dragged_px: number): void {
    const { host } = this;
    const dropped = this.open !== open;
    this.drop();
    const outline = outlineOf(open);
    if (dropped || outline === null || (open.form !== 'freehand' && dragged_px < SHORTEST_PX)) return;
    const { plane } = open.pane.frame;
    const { inside, reach } = host.options.scissors;
    const [first, last] = sliceReach(host.engine.map.shape, plane, open.slice, reach);
    void fillOutline(host, {
      tool: 'scissors',
      erases: open.erases,
      cut: { plane, first, last, outline, inside },
    });
  }

  paint(pen: Pen, colour: string): boolean {
    const { open } = this;
    if (open === null || open.pane.frame.plane !== pen.frame.plane || open.slice !== pen.slice) return false;
    pen.line(drawnOutline(open), { colour, closed: open.form !== 'freehand', dashed: open.erases });
    return true;
  }
}

function outlineOf({ form, points }: OpenCut): Outline | null {
  const [from, to] = points;
  if (form === 'freehand') {
    return points.length < 3 ? null : { kind: 'polygon', rings: [points.flat()], rule: 'nonzero' };
  }
  if (from === undefined || to === undefined) return null;
  return form === 'rectangle'
    ? { kind: 'rectangle', corners: [from, to] }
    : { kind: 'circle', centre: from, edge: to };
}

function drawnOutline({ form, points, pane }: OpenCut): readonly SlicePoint[] {
  const [from, to] = points;
  if (form === 'freehand' || from === undefined || to === undefined) return points;
  if (form === 'rectangle') return [from, [to[0], from[1]], to, [from[0], to[1]]];
  const { across, along, spacing_mm } = pane.frame;
  const [width, height] = [spacing_mm[across], spacing_mm[along]];
  const radius = Math.hypot((to[0] - from[0]) * width, (to[1] - from[1]) * height);
  return Array.from({ length: CIRCLE_CORNERS }, (_, n) => {
    const angle = (2 * Math.PI * n) / CIRCLE_CORNERS;
    return [from[0] + (radius * Math.cos(angle)) / width, from[1] + (radius * Math.sin(angle)) / height];
  });
}
