/** A scan, an engine and a pane without a page, for the tests of tools. */
import {
  EditEngine,
  type Ijk,
  ijk,
  LabelMap,
  NO_MASK,
  nearestVoxel,
  type Plane,
  type StrokeRecord,
  type Triple,
} from '../../voxels';
import { type PlaneView, planeFrame, type ScreenPoint, toScreen } from '../planeFrame';
import type { Brush, VoiWindow } from '../port';
import { axesOf, indexUnder, screenOf } from '../views/planeAxes';
import type { ToolHost, ToolImage, ToolPane } from './host';
import type { ToolOptions } from './port';

export const SHAPE: Triple = [24, 20, 12];
export const SPACING: Triple = [1, 1, 2];

export class TestPane implements ToolPane {
  readonly frame;
  view: PlaneView;
  degrees: Triple = [0, 0, 0];
  readonly panned: [number, number][] = [];

  constructor(plane: Plane, slice: number, shape = SHAPE, spacing_mm = SPACING) {
    this.frame = planeFrame(plane, shape, spacing_mm);
    const centre: [number, number, number] = [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2];
    centre[this.frame.normal] = slice;
    this.view = { centre: ijk(...centre), pixelsPerMm: 10, width: 400, height: 400 };
  }

  get slice(): number {
    return this.view.centre[this.frame.normal];
  }

  indexAt(point: ScreenPoint): Ijk {
    return indexUnder(this.frame, axesOf(this.frame, this.degrees), this.view, point);
  }

  screenOf(index: Ijk): ScreenPoint {
    return screenOf(this.frame, axesOf(this.frame, this.degrees), this.view, index);
  }

  voxelAt(point: ScreenPoint): Ijk {
    const { frame } = this;
    const shape: [number, number, number] = [0, 0, 0];
    shape[frame.across] = frame.columns;
    shape[frame.along] = frame.rows;
    shape[frame.normal] = frame.slices;
    return nearestVoxel(shape, this.indexAt(point));
  }

  isOnScan(point: ScreenPoint): boolean {
    const index = this.indexAt(point);
    const [column, row] = [index[this.frame.across], index[this.frame.along]];
    return column > -0.5 && row > -0.5 && column < this.frame.columns - 0.5 && row < this.frame.rows - 0.5;
  }

  /** The point of the pane over a column and a row of its slice. */
  over(column: number, row: number): ScreenPoint {
    const index: [number, number, number] = [0, 0, 0];
    index[this.frame.across] = column;
    index[this.frame.along] = row;
    index[this.frame.normal] = this.slice;
    return toScreen(this.frame, this.view, ijk(...index));
  }

  pan(dx: number, dy: number): void {
    this.panned.push([dx, dy]);
  }

  zoom(): void {}
}

/** Everything a gesture asks of the viewer, with a real engine; what it was told is kept. */
export class TestHost implements ToolHost {
  readonly engine: EditEngine;
  readonly image: ToolImage & { full: boolean };
  readonly spacing_mm = SPACING;
  prediction: LabelMap | null = null;
  options: ToolOptions = {
    thresholdBrush: [0, 100],
    scissors: { form: 'rectangle', inside: true, action: 'erase', reach: 'slice' },
    flood: { tolerance_hu: 20, threeD: false, max_mm: 50 },
  };
  brush: Brush = { radius_mm: 2, sphere: false };
  window: VoiWindow = { width: 400, level: 40 };
  active = { layer: 0, value: 1 };
  refusal = '';
  readonly records: StrokeRecord[] = [];
  readonly said: string[] = [];

  constructor(map = LabelMap.empty(SHAPE, 2)) {
    this.engine = new EditEngine(map, SPACING);
    this.engine.setMask(NO_MASK);
    const slices = Array.from({ length: SHAPE[2] }, () => new Int16Array(SHAPE[0] * SHAPE[1]));
    this.image = { shape: SHAPE, slices, full: true, isFull: () => this.image.full };
    this.engine.setImage(slices, () => this.image.full);
  }

  /** Sets the HU of every voxel. */
  paintHu(huAt: (i: number, j: number, k: number) => number): void {
    this.image.slices.forEach((slice, k) => {
      for (let p = 0; p < slice.length; p++) slice[p] = huAt(p % SHAPE[0], Math.floor(p / SHAPE[0]), k);
    });
  }

  count(value = 1, layer = 0): number {
    return this.engine.voxelCount(layer, value);
  }

  setWindow(window: VoiWindow): void {
    this.window = window;
  }
  moveCrosshair(): void {}
  crosshair(): Ijk {
    return ijk((SHAPE[0] - 1) / 2, (SHAPE[1] - 1) / 2, (SHAPE[2] - 1) / 2);
  }
  turned: Triple = [0, 0, 0];
  turn(degrees: Triple): void {
    this.turned = degrees;
  }
  edited(): void {}
  readonly afterwards = { leave: (work: () => void): void => work() };
  redraw(): void {}
  sketched(): void {}
  strokeEnded(record: StrokeRecord): void {
    this.records.push(record);
  }
  say(sentence: string): void {
    this.said.push(sentence);
  }
}
