import {
  type EditBox,
  EditEngine,
  type Ijk,
  ijk,
  isStructure,
  type LabelMap,
  nearestVoxel,
  PLANES,
  type Plane,
  requireSameGrid,
  type SliceRuns,
  type StrokeRecord,
} from '../voxels';
import { type Hovered, readCursor, showPointer } from './cursor';
import { type Gesture, type GestureHost, gestureFor, type PointerStart } from './gestures';
import { loadImage } from './imageLoader';
import { ImageSlices } from './imageSlices';
import type { MaskContent } from './maskPainter';
import { planeFrame, type ScreenPoint } from './planeFrame';
import { type PaneScene, PlanePane } from './planePane';
import { listen, type PointerActions } from './pointer';
import type {
  Brush,
  Cursor,
  LoadProgress,
  PlaneElements,
  Stroke,
  StrokeTool,
  StructureView,
  ToolName,
  ViewerInput,
  ViewerPort,
  VoiWindow,
} from './port';
import { Stage } from './stage';
import { type LayerStyle, layerStyles } from './styles';
import { Subscribers } from './subscribers';

const SOFT_TISSUE: VoiWindow = { width: 400, level: 40 };
const START_BRUSH: Brush = { radius_mm: 6, sphere: false };
const BRUSH_STEP = 1.15;
const SMALLEST_BRUSH_MM = 0.5;
const LARGEST_BRUSH_MM = 80;
/** While the image comes in, frames are drawn at most this often: each uploads what has arrived. */
const LOAD_FRAME_MS = 150;

export class CornerstoneViewer implements ViewerPort, GestureHost, PaneScene, PointerActions {
  readonly engine: EditEngine;
  tool: ToolName = 'brush';
  brush: Brush = START_BRUSH;
  window: VoiWindow;
  active: { readonly layer: number; readonly value: number };

  private readonly input: ViewerInput;
  private readonly image: ImageSlices;
  private readonly panes: readonly PlanePane[];
  private readonly strokes = new Subscribers<Stroke>();
  private readonly cursors = new Subscribers<Cursor>();
  private readonly brushes = new Subscribers<Brush>();
  private readonly maximised = new Subscribers<Plane | null>();
  private readonly loading = new AbortController();
  private readonly resizes: ResizeObserver;
  private readonly stopListening: readonly (() => void)[];
  private stage: Stage | null = null;
  private styles: readonly LayerStyle[];
  private cross: Ijk;
  private hovered: Hovered | null = null;
  private peeking: 'none' | 'image' | 'prediction' = 'none';
  private base: LabelMap | null = null;
  private largest: Plane | null = null;
  private cursorRequest = 0;
  private renderTimer: ReturnType<typeof setTimeout> | null = null;
  private destroyed = false;

  static async create(elements: PlaneElements, input: ViewerInput): Promise<ViewerPort> {
    const viewer = new CornerstoneViewer(elements, input);
    try {
      await viewer.mount();
    } catch (error) {
      viewer.destroy();
      throw error;
    }
    return viewer;
  }

  private constructor(elements: PlaneElements, input: ViewerInput) {
    const { shape, spacing_mm } = input.volume;
    this.input = input;
    this.window = input.window ?? SOFT_TISSUE;
    this.image = new ImageSlices(shape);
    this.engine = new EditEngine(input.mask, spacing_mm);
    this.styles = layerStyles(input.structures, input.mask.layers.length);
    const first = input.structures[0];
    this.active = { layer: first?.layer ?? 0, value: first?.value ?? 0 };
    this.lock(input.structures);
    this.cross = nearestVoxel(shape, ijk((shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2));
    this.panes = PLANES.map(
      (plane) => new PlanePane(elements[plane], planeFrame(plane, shape, spacing_mm), shape, this),
    );
    this.stopListening = this.panes.map((pane) => listen(pane, this));
    this.resizes = new ResizeObserver(() => this.resized());
  }

  private async mount(): Promise<void> {
    const [axial, sagittal, coronal] = this.panes.map((pane) => pane.imageElement);
    if (!axial || !sagittal || !coronal) throw new Error('The viewer needs its three planes.');
    const { spacing_mm } = this.input.volume;
    const stage = await Stage.open({ axial, sagittal, coronal }, this.image, spacing_mm, this.window);
    this.stage = stage;
    for (const pane of this.panes) {
      stage.onRendered(pane.frame.plane, () => pane.drawOverlay());
      pane.reset();
      this.resizes.observe(pane.root);
    }
  }

  // The image

  async load(onProgress: (progress: LoadProgress) => void): Promise<void> {
    const { imageUrl, volume } = this.input;
    const source = { url: imageUrl, levels: volume.levels, chunkSlices: volume.chunk_slices };
    const onSlices = (first: number, count: number) => {
      this.stage?.slicesChanged(first, count);
      this.renderSoon();
    };
    const listener = { centreSlice: () => this.cross[2], onSlices, onProgress };
    try {
      await loadImage(source, this.image, listener, this.loading.signal);
    } catch (error) {
      // A viewer that was closed meanwhile has nothing to report.
      if (!this.destroyed) throw error;
    }
    this.tellCursor();
  }

  private renderSoon(): void {
    this.renderTimer ??= setTimeout(() => {
      this.renderTimer = null;
      this.stage?.renderAll();
    }, LOAD_FRAME_MS);
  }

  // What is drawn

  content(): MaskContent | null {
    if (this.peeking === 'image') return null;
    if (this.peeking === 'prediction') {
      return this.input.prediction && { map: this.input.prediction, base: null, styles: this.styles };
    }
    return { map: this.input.mask, base: this.base, styles: this.styles };
  }

  crosshair(): Ijk {
    return this.cross;
  }

  look(pane: PlanePane): void {
    const { centre, pixelsPerMm, height } = pane.view;
    const [si, sj, sk] = this.input.volume.spacing_mm;
    const focalPoint = [centre[0] * si, centre[1] * sj, centre[2] * sk] as const;
    this.stage?.look(pane.frame.plane, focalPoint, height / 2 / pixelsPerMm);
    this.tellCursor();
  }

  setStructures(structures: readonly StructureView[]): void {
    this.styles = layerStyles(structures, this.input.mask.layers.length);
    this.lock(structures);
    this.redraw();
    this.showBrush();
  }

  private lock(structures: readonly StructureView[]): void {
    for (const { layer, value, locked } of structures) this.engine.setLocked(layer, value, locked);
  }

  peek(mode: 'none' | 'image' | 'prediction'): void {
    if (mode === this.peeking) return;
    this.peeking = mode;
    this.redraw();
    for (const pane of this.panes) pane.marks.setNote(this.note());
  }

  private note(): string {
    if (this.peeking === 'none') return '';
    if (this.peeking === 'image') return 'Image only';
    return this.input.prediction === null ? 'No prediction' : 'Prediction';
  }

  showDifference(base: LabelMap | null): void {
    if (base !== null) requireSameGrid(base, this.input.mask);
    this.base = base;
    this.redraw();
  }

  private redraw(): void {
    for (const pane of this.panes) pane.invalidate();
  }

  setWindow(window: VoiWindow): void {
    this.window = { width: Math.max(1, window.width), level: window.level };
    this.stage?.setWindow(this.window);
    this.tellCursor();
  }

  // Where

  goTo(index: Ijk): void {
    this.cross = nearestVoxel(this.input.volume.shape, index);
    for (const pane of this.panes) pane.reveal(this.cross);
  }

  moveCrosshair(index: Ijk, from: PlanePane): void {
    this.cross = index;
    for (const pane of this.panes) {
      if (pane === from) pane.placeCrosshair();
      else pane.reveal(index);
    }
  }

  scroll(pane: PlanePane | Plane, by: number): void {
    const scrolled = typeof pane === 'string' ? this.panes.find(({ frame }) => frame.plane === pane) : pane;
    if (scrolled === undefined) return;
    const { normal, plane } = scrolled.frame;
    // A turn of the wheel towards the reader goes to the feet, as the slices of a CT are numbered.
    const step = typeof pane !== 'string' && plane === 'axial' ? -by : by;
    const cross: [number, number, number] = [this.cross[0], this.cross[1], this.cross[2]];
    cross[normal] = scrolled.slice + step;
    this.cross = nearestVoxel(this.input.volume.shape, ijk(...cross));
    scrolled.setSlice(this.cross[normal]);
    for (const other of this.panes) if (other !== scrolled) other.placeCrosshair();
  }

  zoom(pane: PlanePane, factor: number, about: ScreenPoint): void {
    pane.zoom(factor, about);
    this.showBrush();
  }

  resetView(): void {
    for (const pane of this.panes) pane.reset();
  }

  maximise(plane: Plane | null): void {
    if (plane === this.largest) return;
    this.largest = plane;
    this.maximised.tell(plane);
  }

  doubleClick(pane: PlanePane): void {
    // With a drawing tool two quick clicks are two dabs.
    if (this.tool === 'brush' || this.tool === 'eraser') return;
    this.maximise(this.largest === null ? pane.frame.plane : null);
  }

  private resized(): void {
    if (this.destroyed) return;
    this.stage?.resize();
    for (const pane of this.panes) pane.resized();
  }

  // Drawing

  get canDraw(): boolean {
    return this.input.editable && this.peeking === 'none' && isStructure(this.active.value);
  }

  setActive(layer: number, value: number): void {
    this.active = { layer, value };
    this.showBrush();
  }

  setTool(tool: ToolName): void {
    this.tool = tool;
    this.showBrush();
  }

  setBrush(brush: Brush): void {
    const radius_mm = Math.min(LARGEST_BRUSH_MM, Math.max(SMALLEST_BRUSH_MM, brush.radius_mm));
    this.brush = { radius_mm, sphere: brush.sphere };
    this.showBrush();
  }

  resizeBrush(steps: number): void {
    this.setBrush({ ...this.brush, radius_mm: this.brush.radius_mm * BRUSH_STEP ** steps });
    this.brushes.tell(this.brush);
  }

  begin(pane: PlanePane, start: PointerStart, at: ScreenPoint): Gesture | null {
    return this.stage === null ? null : gestureFor(this, pane, start, at);
  }

  edited({ low, high }: EditBox): void {
    for (const pane of this.panes) {
      const { normal } = pane.frame;
      if (pane.slice >= low[normal] && pane.slice <= high[normal]) pane.invalidate();
    }
  }

  strokeEnded(record: StrokeRecord): void {
    this.tellStroke(record, record.tool);
  }

  strokeDropped(): void {
    this.redraw();
  }

  undo(): boolean {
    return this.tellStep(this.engine.undo(), 'undo');
  }

  redo(): boolean {
    return this.tellStep(this.engine.redo(), 'redo');
  }

  replay(delta: readonly SliceRuns[]): void {
    this.engine.replay(delta);
    this.redraw();
  }

  private tellStep(record: StrokeRecord | null, tool: StrokeTool): boolean {
    if (record === null) return false;
    this.redraw();
    this.tellStroke(record, tool);
    return true;
  }

  private tellStroke({ layer, structure, delta, added, removed }: StrokeRecord, tool: StrokeTool): void {
    this.strokes.tell({ tool, layer, structure, delta, added, removed });
    this.tellCursor();
  }

  // The pointer

  hover(pane: PlanePane, at: ScreenPoint | null): void {
    if (this.hovered !== null && this.hovered.pane !== pane) this.hovered.pane.marks.hideBrush();
    this.hovered = at === null ? null : { pane, at };
    if (at === null) pane.marks.hideBrush();
    else this.showBrush();
    this.tellCursor();
  }

  private showBrush(): void {
    if (this.hovered === null) return;
    const { layer, value } = this.active;
    const canDraw = this.canDraw && !this.engine.isLocked(layer, value);
    showPointer(this.hovered, this.tool, this.brush, canDraw, this.styles[layer]?.colour[value]);
  }

  private tellCursor(): void {
    if (this.cursorRequest !== 0 || this.destroyed) return;
    this.cursorRequest = requestAnimationFrame(() => {
      this.cursorRequest = 0;
      this.cursors.tell(this.cursorNow());
    });
  }

  private cursorNow(): Cursor {
    const { image, styles, window } = this;
    const source = { volume: this.input.volume, mask: this.input.mask, image, styles, window };
    return readCursor(source, this.hovered, this.cross, this.panes[0]);
  }

  // Who listens

  onStroke(callback: (stroke: Stroke) => void): () => void {
    return this.strokes.add(callback);
  }

  onCursor(callback: (cursor: Cursor) => void): () => void {
    return this.cursors.add(callback);
  }

  onBrush(callback: (brush: Brush) => void): () => void {
    return this.brushes.add(callback);
  }

  onMaximise(callback: (plane: Plane | null) => void): () => void {
    return this.maximised.add(callback);
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.loading.abort();
    for (const stop of this.stopListening) stop();
    this.resizes.disconnect();
    cancelAnimationFrame(this.cursorRequest);
    if (this.renderTimer !== null) clearTimeout(this.renderTimer);
    this.stage?.destroy();
    for (const pane of this.panes) pane.remove();
    for (const list of [this.strokes, this.cursors, this.brushes, this.maximised]) list.clear();
  }
}
