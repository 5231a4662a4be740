/** The viewer of one case: the planes and what is drawn above them (views), and what the pointer does there. */
import {
  type Box,
  EditEngine,
  type Ijk,
  isStructure,
  type LabelMap,
  type Plane,
  type SliceRuns,
  type StrokeRecord,
  type Triple,
} from '../voxels';
import type { ImageSlices } from './imageSlices';
import { OncePerFrame } from './oncePerFrame';
import type { ScreenPoint } from './planeFrame';
import type { PlanePane } from './planePane';
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
import type { LayerStyle } from './styles';
import { Subscribers } from './subscribers';
import { Afterwards } from './tools/afterwards';
import { resized, START_BRUSH, withinLimits } from './tools/brushSize';
import { type CursorSource, describeVoxel, type Hovered, readCursor, showPointer } from './tools/cursor';
import type { Gesture, PointerStart, ToolPane } from './tools/host';
import { listen, type PointerActions } from './tools/pointer';
import type { PointerTool } from './tools/port';
import { isBrush } from './tools/strokes';
import { type ToolScene, Tools } from './tools/tools';
import { drawTurns } from './views/drawTurns';
import { Overlay, type Peek } from './views/overlay';
import { Planes } from './views/planes';
import type { Twin } from './views/twin';
import { Views } from './views/views';
import { readyEngine, warmEngine } from './warm';

/** Tools that change nothing: they work in the pane beside as well. */
const LOOKING: readonly PointerTool[] = ['pan', 'zoom', 'window', 'crosshair', 'probe'];

export class CaseViewer implements ViewerPort, ToolScene, PointerActions {
  readonly afterwards = new Afterwards();
  readonly views: Views;
  readonly tools: Tools;
  brush: Brush = START_BRUSH;
  active: { readonly layer: number; readonly value: number };

  private readonly edits: EditEngine;
  private readonly input: ViewerInput;
  private readonly overlay: Overlay;
  private readonly planes: Planes;
  private readonly strokes = new Subscribers<Stroke>();
  private readonly cursors = new Subscribers<Cursor>();
  private readonly brushes = new Subscribers<Brush>();
  private readonly maximised = new Subscribers<Plane | null>();
  private readonly stopListening: readonly (() => void)[];
  private stopBeside: () => void = () => undefined;
  private structures: readonly StructureView[];
  private hovered: Hovered | null = null;
  private largest: Plane | null = null;
  private readonly cursorTold = new OncePerFrame(() => this.cursors.tell(this.cursorNow()));
  private destroyed = false;

  constructor(elements: PlaneElements, input: ViewerInput) {
    this.input = input;
    const { mask, volume, counts } = input;
    this.edits = new EditEngine(mask, volume.spacing_mm, counts === undefined ? {} : { counts });
    this.edits.setBounds(input.bounds ?? null);
    this.overlay = new Overlay(input);
    this.planes = new Planes(elements, input, this.overlay);
    this.views = new Views(this.planes, this.overlay, input.mask, input.structures);
    const first = input.structures[0];
    this.active = { layer: first?.layer ?? 0, value: first?.value ?? 0 };
    this.structures = input.structures;
    this.tools = new Tools(this);
    this.lock(input.structures);
    this.planes.moved.add(() => {
      this.tools.sketched();
      // What lies below the resting pointer in the pane beside is elsewhere now.
      if (this.planes.twin !== null) this.showBrush();
      this.cursorTold.ask();
    });
    this.stopListening = this.planes.panes.map((pane) => listen(pane, this));
    this.planes.twinned.add((twin) => this.listenBeside(twin));
  }

  /** The stroke whose pointer was let go is in it. */
  get engine(): EditEngine {
    this.afterwards.settle();
    return this.edits;
  }

  async load(onProgress: (progress: LoadProgress) => void): Promise<void> {
    // The first slices are there: from here on the reader may draw.
    const stop = this.planes.arrived.add(() => {
      stop();
      warmEngine();
      readyEngine(this.engine);
    });
    await this.planes.load(onProgress);
  }

  // What is drawn

  setStructures(structures: readonly StructureView[]): void {
    this.views.setStructures(structures);
    this.structures = structures;
    this.lock(structures);
    this.showBrush();
  }

  private lock(structures: readonly StructureView[]): void {
    for (const { layer, value, locked } of structures) this.engine.setLocked(layer, value, locked);
  }

  peek(mode: Peek): void {
    if (mode === this.overlay.peeking) return;
    this.overlay.peeking = mode;
    this.planes.redraw();
    this.planes.setNote(this.overlay.note());
  }

  showDifference(base: LabelMap | null): void {
    this.views.compareWith(base, 'difference');
  }

  get window(): VoiWindow {
    return this.planes.window;
  }

  setWindow(window: VoiWindow): void {
    this.planes.setWindow(window);
  }

  // Where

  goTo(index: Ijk): void {
    this.planes.goTo(index);
  }

  goToMiddle(): void {
    this.planes.goToMiddle();
  }

  moveCrosshair(index: Ijk, from: ToolPane): void {
    this.planes.moveCrosshair(index, from);
  }

  scroll(pane: PlanePane | Plane, by: number): void {
    if (typeof pane !== 'string') this.planes.turn(pane, by);
    else this.planes.setSlice(this.planes.pane(pane), this.planes.pane(pane).slice + by);
  }

  zoom(pane: PlanePane, factor: number, about: ScreenPoint): void {
    this.planes.zoom(pane, factor, about);
    this.showBrush();
  }

  resetView(): void {
    this.views.resetView();
  }

  maximise(plane: Plane | null): void {
    if (plane === this.largest) return;
    this.largest = plane;
    this.maximised.tell(plane);
  }

  doubleClick(pane: PlanePane): void {
    if (this.tools.doubleClick()) return;
    this.maximise(this.largest === null ? pane.frame.plane : null);
  }

  // Drawing

  get map(): LabelMap {
    return this.input.mask;
  }

  crosshair(): Ijk {
    return this.planes.crosshair();
  }

  get image(): ImageSlices {
    return this.planes.image;
  }

  get spacing_mm(): Triple {
    return this.input.volume.spacing_mm;
  }

  get prediction(): LabelMap | null {
    return this.input.prediction;
  }

  get panes(): readonly PlanePane[] {
    return this.planes.panes;
  }

  get styles(): readonly LayerStyle[] {
    return this.overlay.styles;
  }

  get isOblique(): boolean {
    return this.views.isOblique;
  }

  get refusal(): string {
    if (!this.input.editable) return 'This case is open for reading only.';
    if (!this.overlay.showsOwn) return 'Another mask is shown in place of yours; go back to yours to draw.';
    if (this.views.isOblique)
      return 'Tools that draw are off while the planes are oblique; straighten them first.';
    return isStructure(this.active.value) ? '' : 'Choose a structure to draw first.';
  }

  describe(index: Ijk): readonly string[] {
    return describeVoxel(this.cursorSource(), this.structures, index);
  }

  setActive(layer: number, value: number): void {
    this.active = { layer, value };
    this.views.setActive(this.active);
    this.showBrush();
  }

  setTool(tool: ToolName): void {
    this.tools.select(tool);
  }

  setBrush(brush: Brush): void {
    this.brush = withinLimits(brush);
    this.showBrush();
  }

  resizeBrush(steps: number): void {
    this.setBrush(resized(this.brush, steps));
    this.brushes.tell(this.brush);
  }

  begin(pane: PlanePane, start: PointerStart, at: ScreenPoint): Gesture | null {
    if (start.button === 0 && this.isBeside(pane) && !LOOKING.includes(this.tools.tool)) {
      this.tools.say('The right side is only to look at: draw and measure on the left.');
      return null;
    }
    return this.tools.begin(pane, start, at);
  }

  edited(box: Box): void {
    this.planes.edited(box);
  }

  strokeEnded(record: StrokeRecord): void {
    this.tellStroke(record, record.tool);
  }

  redraw(): void {
    this.planes.redraw();
  }

  undo(): boolean {
    return this.tellStep(this.engine.undo(), 'undo');
  }

  redo(): boolean {
    return this.tellStep(this.engine.redo(), 'redo');
  }

  replay(delta: readonly SliceRuns[]): void {
    this.engine.replay(delta);
    this.planes.redraw();
    this.views.replayed(delta);
    this.tools.maskChanged();
  }

  noteUndone(record: StrokeRecord): void {
    this.tellStep(record, 'undo');
  }

  noteDone(record: StrokeRecord): void {
    this.tellStep(record, record.tool);
  }

  private tellStep(record: StrokeRecord | null, tool: StrokeTool): boolean {
    if (record === null) return false;
    this.planes.redraw();
    this.tellStroke(record, tool);
    return true;
  }

  private tellStroke(record: StrokeRecord, tool: StrokeTool): void {
    const { step, layer, structure, sent: delta, added, removed, events } = record;
    this.tools.maskChanged();
    this.views.drawn(record);
    this.strokes.tell({ tool, step, layer, structure, delta, added, removed, events });
    this.cursorTold.ask();
  }

  // The pointer

  hover(pane: PlanePane, at: ScreenPoint | null): void {
    if (this.hovered !== null && this.hovered.pane !== pane) this.hidePointer(this.hovered.pane);
    this.hovered = at === null ? null : { pane, at };
    drawTurns.lead(at === null ? null : pane);
    this.tools.hover(pane, at);
    if (at === null) this.hidePointer(pane);
    else this.showBrush();
    this.cursorTold.ask();
  }

  private hidePointer(pane: PlanePane): void {
    pane.marks.hideBrush();
    this.planes.twin?.point(pane, null);
  }

  private isBeside(pane: PlanePane): boolean {
    return pane === this.planes.twin?.pane;
  }

  private listenBeside(twin: Twin | null): void {
    if (this.hovered !== null) this.hover(this.hovered.pane, null);
    this.stopBeside();
    this.stopBeside = twin === null ? () => undefined : listen(twin.pane, this);
    this.tools.showBeside(twin?.pane ?? null);
  }

  toolChanged(): void {
    this.showBrush();
  }

  private showBrush(): void {
    const { hovered, brush } = this;
    if (hovered === null) return;
    const { pane, at } = hovered;
    if (this.isBeside(pane)) {
      pane.root.style.cursor = 'crosshair';
      this.planes.twin?.point(pane, at);
      return;
    }
    const { layer, value } = this.active;
    const canDraw = this.refusal === '' && !this.engine.isLocked(layer, value);
    const colour = this.overlay.styles[layer]?.colour[value];
    showPointer(hovered, this.tools.tool, brush, canDraw, colour);
    const radiusPx = brush.radius_mm * pane.view.pixelsPerMm;
    const isRing = canDraw && isBrush(this.tools.tool) && colour !== undefined;
    this.planes.twin?.point(pane, at, isRing ? { radiusPx, colour } : undefined);
  }

  private cursorNow(): Cursor {
    return readCursor(this.cursorSource(), this.hovered, this.planes.crosshair(), this.planes.panes[0]);
  }

  private cursorSource(): CursorSource {
    const { volume, mask: own } = this.input;
    const { image, window } = this.planes;
    const isBeside = this.hovered !== null && this.isBeside(this.hovered.pane);
    const mask = isBeside ? (this.overlay.beside ?? own) : own;
    return { volume, mask, image, styles: this.overlay.styles, window };
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
    this.afterwards.settle();
    this.destroyed = true;
    drawTurns.lead(null);
    for (const stop of this.stopListening) stop();
    this.stopBeside();
    this.cursorTold.end();
    this.tools.destroy();
    this.views.destroy();
    this.planes.destroy();
    for (const list of [this.strokes, this.cursors, this.brushes, this.maximised]) list.clear();
  }
}
