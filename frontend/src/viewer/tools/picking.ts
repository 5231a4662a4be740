/** Tools that act on the voxel under a click: flood fill, and the sample for HU ranges. */
import type { OperationParams } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { Gesture, ToolHost, ToolPane } from './host';
import type { HuRange, Sample } from './port';
import { rangeOf, sampleAt } from './sampling';
import { refusalOf } from './strokes';

const NOT_LOADED = 'This slice is not loaded in full yet, so its HU are not known; try again in a moment.';
const BESIDE = 'That is beside the scan; click on a voxel.';
/** The HU at the click is the mean of its neighbours too: noise must not decide. */
const SAMPLE_VOXELS = 1;

export class PointPicker {
  private readonly host: ToolHost;
  private readonly picked: (sample: Sample, range: HuRange) => void;

  constructor(host: ToolHost, picked: (sample: Sample, range: HuRange) => void) {
    this.host = host;
    this.picked = picked;
  }

  flood(pane: ToolPane, at: ScreenPoint, run: (params: OperationParams['flood_fill']) => void): null {
    const { host } = this;
    const refusal = refusalOf(host) || (pane.isOnScan(at) ? '' : BESIDE);
    if (refusal !== '') {
      host.say(refusal);
      return null;
    }
    const { tolerance_hu, threeD, max_mm } = host.options.flood;
    const voxel = pane.voxelAt(at);
    run({
      target: host.active,
      at: [voxel[0], voxel[1], voxel[2]],
      accept: { tolerance_hu },
      sample_voxels: SAMPLE_VOXELS,
      plane: threeD ? null : pane.frame.plane,
      max_mm,
    });
    return null;
  }

  /** Samples while the pointer is down: drag to look for a place that is even. */
  pick(pane: ToolPane, at: ScreenPoint): Gesture | null {
    if (!this.sample(pane, at)) return null;
    return {
      move: (point) => {
        this.sample(pane, point);
      },
      end() {},
      cancel() {},
    };
  }

  private sample(pane: ToolPane, at: ScreenPoint): boolean {
    const { host } = this;
    if (!pane.isOnScan(at)) {
      host.say(BESIDE);
      return false;
    }
    const sample = sampleAt(host.image, host.spacing_mm, pane.frame.plane, pane.voxelAt(at));
    if (sample === null) host.say(NOT_LOADED);
    else this.picked(sample, rangeOf(sample));
    return sample !== null;
  }
}
