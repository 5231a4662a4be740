/** Level tracing: the boundary under the pointer, shown live; a click fills it. */
import { type LevelTrace, levelTrace, type Plane, type SlicePoint, slicePoint } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { ToolHost, ToolPane } from './host';
import { fillOutline } from './outlines';
import type { Pen } from './pen';
import { sliceHu } from './sampling';
import { refusalOf } from './strokes';

const NOT_LOADED = 'This slice is not loaded in full yet, so its HU are not known; try again in a moment.';

interface Shown {
  readonly plane: Plane;
  readonly slice: number;
  readonly column: number;
  readonly row: number;
  readonly trace: LevelTrace;
}

export class TracingTool {
  private readonly host: ToolHost;
  private shown: Shown | null = null;
  private gathered: { readonly plane: Plane; readonly slice: number; readonly hu: Int16Array } | null = null;

  constructor(host: ToolHost) {
    this.host = host;
  }

  hover(pane: ToolPane, at: ScreenPoint | null): void {
    const before = this.shown;
    this.shown = at === null || !pane.isOnScan(at) ? null : this.traceAt(pane, at);
    if (this.shown !== before) this.host.sketched();
  }

  private traceAt(pane: ToolPane, at: ScreenPoint): Shown | null {
    const { plane } = pane.frame;
    const { slice } = pane;
    const [column, row] = slicePoint(plane, pane.voxelAt(at));
    const { shown } = this;
    if (shown?.plane === plane && shown.slice === slice && shown.column === column && shown.row === row) {
      return shown;
    }
    const hu = this.huOf(plane, slice);
    const trace = hu && levelTrace(hu, pane.frame.columns, pane.frame.rows, [column, row]);
    return trace && { plane, slice, column, row, trace };
  }

  /** The shown slice; the other planes' are gathered voxel by voxel, so the last one is kept. */
  private huOf(plane: Plane, slice: number): Int16Array | null {
    const { gathered } = this;
    if (gathered?.plane === plane && gathered.slice === slice) return gathered.hu;
    const hu = sliceHu(this.host.image, plane, slice);
    if (hu !== null) this.gathered = { plane, slice, hu };
    return hu;
  }

  /** Fills what the boundary encircles; Shift takes it away instead. */
  click(pane: ToolPane, shift: boolean, at: ScreenPoint): void {
    const { host } = this;
    const refusal = refusalOf(host);
    if (refusal !== '') {
      host.say(refusal);
      return;
    }
    const traced = pane.isOnScan(at) ? this.traceAt(pane, at) : null;
    if (traced === null) {
      if (this.huOf(pane.frame.plane, pane.slice) === null) host.say(NOT_LOADED);
      return;
    }
    const { plane, slice, trace } = traced;
    // The boundary runs along voxels' edges: what it goes round is what was shown.
    const outline = { kind: 'polygon', rings: [trace.polygon], rule: 'nonzero' } as const;
    const cut = { plane, first: slice, last: slice, outline, inside: true };
    void fillOutline(host, { tool: 'level_tracing', erases: shift, cut });
  }

  drop(): void {
    this.shown = null;
    this.gathered = null;
  }

  paint(pen: Pen, colour: string): boolean {
    const { shown } = this;
    if (shown === null || shown.plane !== pen.frame.plane || shown.slice !== pen.slice) return false;
    const { polygon } = shown.trace;
    const points: SlicePoint[] = [];
    for (let n = 0; n + 1 < polygon.length; n += 2) points.push([polygon[n] ?? 0, polygon[n + 1] ?? 0]);
    pen.line(points, { colour, closed: true });
    return true;
  }
}
