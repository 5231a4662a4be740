/** The tools of one viewer: which is chosen, how it is set, and what it does with the pointer. */
import {
  type EditMask,
  type Ijk,
  isStructure,
  type LabelMap,
  NO_MASK,
  type OperationName,
  type OperationParams,
  type Plane,
  type StructureRef,
  type Triple,
} from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { PlanePane } from '../planePane';
import { Subscribers } from '../subscribers';
import type { Hovered } from './cursor';
import { type GestureHost, gestureFor } from './gestures';
import type { Gesture, PointerStart } from './host';
import type { Measurement, OperationState, PointerTool, Sample, ToolOptions, ToolPort } from './port';

export const START_OPTIONS: ToolOptions = {
  thresholdBrush: [-50, 200],
  scissors: { form: 'freehand', inside: true, action: 'erase', reach: 'slice' },
  flood: { tolerance_hu: 40, threeD: false, max_mm: 60 },
};

/** The viewer, as far as its tools need it. */
export interface ToolScene extends GestureHost {
  readonly map: LabelMap;
  crosshair(): Ijk;
  /** The tool or how it looks has changed. */
  toolChanged(): void;
}

export class Tools implements ToolPort {
  readonly shape: Triple;
  tool: PointerTool = 'brush';
  options: ToolOptions = START_OPTIONS;
  mask: EditMask = NO_MASK;
  readonly operation: OperationState = { kind: 'none' };
  readonly measurements: readonly Measurement[] = [];
  private readonly scene: ToolScene;
  private readonly operations = new Subscribers<OperationState>();
  private readonly samples = new Subscribers<Sample>();
  private readonly measured = new Subscribers<readonly Measurement[]>();
  private under: Hovered | null = null;
  private lastPlane: Plane = 'axial';

  constructor(scene: ToolScene) {
    this.scene = scene;
    this.shape = scene.map.shape;
  }

  select(tool: PointerTool): void {
    this.tool = tool;
    this.scene.toolChanged();
  }

  setOptions(options: Partial<ToolOptions>): void {
    this.options = { ...this.options, ...options };
    this.scene.toolChanged();
  }

  setMask(mask: EditMask): void {
    this.mask = mask;
  }

  begin(pane: PlanePane, start: PointerStart, at: ScreenPoint): Gesture | null {
    this.lastPlane = pane.frame.plane;
    return gestureFor(this.scene, this.tool, pane, start, at);
  }

  hover(pane: PlanePane, at: ScreenPoint | null): void {
    this.under = at === null ? null : { pane, at };
    if (at !== null) this.lastPlane = pane.frame.plane;
  }

  run<N extends OperationName>(
    _name: N,
    _params: OperationParams[N],
    _how: { readonly preview: boolean },
  ): void {}

  apply(): void {}

  dismiss(): void {}

  removeMeasurement(_id: number): void {}

  onOperation(callback: (state: OperationState) => void): () => void {
    return this.operations.add(callback);
  }

  onSample(callback: (sample: Sample) => void): () => void {
    return this.samples.add(callback);
  }

  onMeasurements(callback: (all: readonly Measurement[]) => void): () => void {
    return this.measured.add(callback);
  }

  place(): Ijk {
    const { under } = this;
    return under?.pane.isOnScan(under.at) ? under.pane.voxelAt(under.at) : this.scene.crosshair();
  }

  plane(): Plane {
    return this.lastPlane;
  }

  structureAt(index: Ijk): StructureRef | null {
    const { map } = this.scene;
    for (let layer = 0; layer < map.layers.length; layer++) {
      const value = map.valueAt(layer, index);
      if (isStructure(value)) return { layer, value };
    }
    return null;
  }

  destroy(): void {
    for (const list of [this.operations, this.samples, this.measured]) list.clear();
  }
}
