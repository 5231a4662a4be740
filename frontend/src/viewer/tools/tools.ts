/** The tools of one viewer: which is chosen, how it is set, what it does with the pointer, and what it draws. */
import {
  type Box,
  type EditEngine,
  type EditMask,
  type Ijk,
  isStructure,
  type LabelMap,
  type OperationName,
  type OperationParams,
  type Plane,
  type StrokeRecord,
  type StructureRef,
  type Triple,
} from '../../voxels';
import type { ScreenPoint } from '../planeFrame';
import type { PlanePane } from '../planePane';
import type { Brush, VoiWindow } from '../port';
import type { LayerStyle } from '../styles';
import { Subscribers } from '../subscribers';
import type { Afterwards } from './afterwards';
import type { Hovered } from './cursor';
import type { Gesture, PointerStart, ToolHost, ToolImage, ToolPane } from './host';
import { Magnifier } from './magnifier';
import { MarkedPlaces } from './markedPlaces';
import { MEASURING } from './measure';
import { MeasuringTool } from './measuring';
import { crosshairGesture, panGesture, turnGesture, windowGesture, zoomGesture } from './navigation';
import { OperationHost } from './operationHost';
import { PointPicker } from './picking';
import type { HuRange, OperationState, PointerTool, Sample, ToolOptions, ToolPort } from './port';
import { ScissorsTool } from './scissors';
import { DrawTool } from './sketch';
import { isBrush, strokeGesture } from './strokes';
import { ToolDrawing } from './toolDrawing';
import { TracingTool } from './tracing';

export const START_OPTIONS: ToolOptions = {
  thresholdBrush: [-50, 200],
  scissors: { form: 'freehand', inside: true, action: 'erase', reach: 'slice' },
  flood: { tolerance_hu: 40, threeD: false, max_mm: 60 },
};

/** The viewer, as far as its tools need it. */
export interface ToolScene {
  readonly engine: EditEngine;
  readonly afterwards: Afterwards;
  readonly map: LabelMap;
  readonly image: ToolImage;
  readonly spacing_mm: Triple;
  readonly prediction: LabelMap | null;
  readonly panes: readonly PlanePane[];
  readonly styles: readonly LayerStyle[];
  readonly brush: Brush;
  readonly window: VoiWindow;
  readonly active: StructureRef;
  readonly refusal: string;
  /** Lines drawn in slices do not lie in planes that are turned. */
  readonly isOblique: boolean;
  /** Name of the structure at a voxel and the point in patient millimetres, for the reader. */
  describe(index: Ijk): readonly string[];
  crosshair(): Ijk;
  readonly views: { turn(degrees: Triple): void };
  setWindow(window: VoiWindow): void;
  moveCrosshair(index: Ijk, from: ToolPane): void;
  edited(box: Box): void;
  strokeEnded(record: StrokeRecord): void;
  redraw(): void;
  /** The tool or how it looks has changed. */
  toolChanged(): void;
}

/** Tools with which a double click has a meaning of its own, or two clicks are two dabs. */
const KEEPS_DOUBLE_CLICK: readonly PointerTool[] = [
  'draw',
  'scissors',
  'level_tracing',
  'flood_fill',
  'pick',
];

export class Tools implements ToolPort, ToolHost {
  readonly shape: Triple;
  tool: PointerTool = 'brush';
  options: ToolOptions = START_OPTIONS;
  readonly drawTool = new DrawTool(this);
  readonly scissors = new ScissorsTool(this);
  readonly tracing = new TracingTool(this);
  readonly magnifier = new Magnifier(() => this.sketched());
  readonly measuring: MeasuringTool;
  readonly places: MarkedPlaces;
  readonly picker: PointPicker;
  readonly host: OperationHost;
  private readonly scene: ToolScene;
  private readonly drawing: ToolDrawing;
  private readonly samples = new Subscribers<Sample>();
  private readonly notices = new Subscribers<string>();
  private readonly listening = new AbortController();
  private under: Hovered | null = null;
  private lastPlane: Plane = 'axial';

  constructor(scene: ToolScene) {
    this.scene = scene;
    this.shape = scene.map.shape;
    this.measuring = new MeasuringTool(() => this.sketched(), scene.image, scene.spacing_mm);
    this.places = new MarkedPlaces(() => this.sketched());
    this.picker = new PointPicker(this, (sample, range) => this.picked(sample, range));
    this.host = new OperationHost({
      engine: scene.engine,
      image: scene.image,
      spacing_mm: scene.spacing_mm,
      get active() {
        return scene.active;
      },
      get refusal() {
        return scene.refusal;
      },
      previewChanged: () => this.sketched(),
      operationApplied: (record, note) => this.operationApplied(record, note),
    });
    this.drawing = new ToolDrawing(this, scene);
    this.host.changed.add((state) => {
      // It was begun by a click in a plane: there the reader looks.
      if (state.kind === 'failed' && state.name === 'flood_fill') this.say(state.sentence);
    });
    scene.engine.setImage(scene.image.slices, (k) => scene.image.isFull(k));
    const options = { capture: true, signal: this.listening.signal };
    window.addEventListener('keydown', (event) => this.key(event), options);
  }

  // How the page sets them

  select(tool: PointerTool): void {
    if (tool !== this.tool) this.leave();
    this.tool = tool;
    if (this.under !== null) this.hover(this.under.pane, this.under.at);
    this.scene.toolChanged();
    this.sketched();
  }

  /** What was begun with a tool goes with it. */
  private leave(): void {
    this.drawTool.drop();
    this.scissors.drop();
    this.tracing.drop();
    this.measuring.drop();
  }

  setOptions(options: Partial<ToolOptions>): void {
    this.options = { ...this.options, ...options };
    this.scene.toolChanged();
  }

  setMask(mask: EditMask): void {
    this.engine.setMask(mask);
  }

  // What gestures need

  get engine(): EditEngine {
    return this.scene.engine;
  }
  get afterwards(): Afterwards {
    return this.scene.afterwards;
  }
  get image(): ToolImage {
    return this.scene.image;
  }
  get spacing_mm(): Triple {
    return this.scene.spacing_mm;
  }
  get prediction(): LabelMap | null {
    return this.scene.prediction;
  }
  get brush(): Brush {
    return this.scene.brush;
  }
  get window(): VoiWindow {
    return this.scene.window;
  }
  get active(): StructureRef {
    return this.scene.active;
  }
  get refusal(): string {
    return this.scene.refusal;
  }

  setWindow(window: VoiWindow): void {
    this.scene.setWindow(window);
  }

  moveCrosshair(index: Ijk, from: ToolPane): void {
    this.scene.moveCrosshair(index, from);
  }

  crosshair(): Ijk {
    return this.scene.crosshair();
  }

  turn(degrees: Triple): void {
    this.scene.views.turn(degrees);
  }

  edited(box: Box): void {
    this.scene.edited(box);
  }

  strokeEnded(record: StrokeRecord): void {
    this.scene.strokeEnded(record);
  }

  redraw(): void {
    this.scene.redraw();
  }

  sketched(): void {
    this.drawing.request();
  }

  say(sentence: string): void {
    this.drawing.say(sentence, this.lastPlane);
    this.notices.tell(sentence);
  }

  // The pointer

  begin(pane: PlanePane, start: PointerStart, at: ScreenPoint): Gesture | null {
    this.lastPlane = pane.frame.plane;
    this.drawing.hush();
    if (start.button === 1) return panGesture(pane, at);
    if (start.button === 2) return windowGesture(this, at);
    return start.button === 0 ? this.gesture(pane, start, at) : null;
  }

  private gesture(pane: PlanePane, start: PointerStart, at: ScreenPoint): Gesture | null {
    const { tool } = this;
    if (isBrush(tool)) return strokeGesture(this, pane, tool, start.shift, at);
    switch (tool) {
      case 'draw':
        return this.drawTool.begin(pane, start, at);
      case 'scissors':
        return this.scissors.begin(pane, start, at);
      case 'level_tracing':
        this.tracing.click(pane, start.shift, at);
        return null;
      case 'flood_fill':
        return this.picker.flood(pane, at, (params) => this.run('flood_fill', params, { preview: false }));
      case 'pick':
        return this.picker.pick(pane, at);
      case 'length':
      case 'bidirectional':
      case 'angle':
      case 'ellipse':
        return this.measuring.begin(pane, tool, at);
      case 'pan':
        return panGesture(pane, at);
      case 'zoom':
        return zoomGesture(pane, at);
      case 'window':
        return windowGesture(this, at);
      default:
        return start.shift ? turnGesture(this, pane, at) : crosshairGesture(this, pane, at);
    }
  }

  hover(pane: PlanePane, at: ScreenPoint | null): void {
    this.under = at === null ? null : { pane, at };
    if (at !== null) this.lastPlane = pane.frame.plane;
    if (this.tool === 'draw') this.drawTool.hover(pane, at);
    if (this.tool === 'level_tracing') this.tracing.hover(pane, at);
    if (this.isMeasuring) this.measuring.hover(pane, at);
    if (this.magnifier.isOn || this.tool === 'probe' || this.tool === 'pick') this.sketched();
  }

  private get isMeasuring(): boolean {
    return MEASURING.some((kind) => kind === this.tool);
  }

  get hovered(): Hovered | null {
    return this.under;
  }

  /** True where the tool has taken the double click. */
  doubleClick(): boolean {
    if (this.tool === 'draw') this.drawTool.close();
    return isBrush(this.tool) || this.isMeasuring || KEEPS_DOUBLE_CLICK.includes(this.tool);
  }

  /** Keys that belong to what is being drawn come here before the page sees them. */
  private key(event: KeyboardEvent): void {
    const action = this.keyAction(event.key);
    if (action === null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    action();
  }

  private keyAction(key: string): (() => void) | null {
    if (this.drawTool.isOpen) {
      if (key === 'Enter') return () => this.drawTool.close();
      if (key === 'Escape') return () => this.drawTool.drop();
      if (key === 'Backspace') return () => this.drawTool.dropLast();
    }
    if (this.scissors.isOpen && key === 'Escape') return () => this.scissors.drop();
    return this.isMeasuring ? this.measuringKey(key) : null;
  }

  private measuringKey(key: string): (() => void) | null {
    const isRemoving = key === 'Delete' || key === 'Backspace';
    if (this.measuring.isOpen && (isRemoving || key === 'Escape')) return () => this.measuring.drop();
    const { hovered } = this.measuring;
    return isRemoving && hovered !== null ? () => this.measuring.remove(hovered) : null;
  }

  private picked(sample: Sample, thresholdBrush: HuRange): void {
    this.setOptions({ thresholdBrush });
    this.samples.tell(sample);
  }

  // Operations

  run<N extends OperationName>(
    name: N,
    params: OperationParams[N],
    how: { readonly preview: boolean },
  ): void {
    this.host.run(name, params, how);
  }

  apply(): void {
    this.host.apply();
  }

  dismiss(): void {
    this.host.dismiss();
  }

  get operation(): OperationState {
    return this.host.state;
  }

  private operationApplied(record: StrokeRecord, note: string): void {
    this.scene.redraw();
    this.scene.strokeEnded(record);
    if (note !== '') this.say(note);
  }

  /** A stroke, an undo or edits from elsewhere have changed the mask. */
  maskChanged(): void {
    this.host.maskChanged();
  }

  // What the page may ask

  onOperation(callback: (state: OperationState) => void): () => void {
    return this.host.changed.add(callback);
  }

  onSample(callback: (sample: Sample) => void): () => void {
    return this.samples.add(callback);
  }

  onNotice(callback: (sentence: string) => void): () => void {
    return this.notices.add(callback);
  }

  place(): Ijk {
    const { under } = this;
    return under?.pane.isOnScan(under.at) ? under.pane.voxelAt(under.at) : this.scene.crosshair();
  }

  plane(): Plane {
    return this.lastPlane;
  }

  /** A pane that shows a plane once more: where the reader looks now. Null: it was taken away. */
  showBeside(pane: PlanePane | null): void {
    if (pane !== null) this.lastPlane = pane.frame.plane;
    this.drawing.showBeside(pane);
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
    this.listening.abort();
    this.host.destroy();
    this.drawing.destroy();
    this.samples.clear();
    this.notices.clear();
    this.measuring.changed.clear();
  }
}
