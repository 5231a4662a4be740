/** What tools draw above the planes: previews, outlines being drawn, measurements, words at the pointer. */
import type { Plane } from '../../voxels';
import type { PlanePane } from '../planePane';
import { pixelRatio } from '../views/bitmap';
import { paintGlass } from './magnifier';
import { type Pen, PenCanvas } from './pen';
import { PreviewPainter } from './previewPainter';
import { rangeOf, SAMPLE_MM, sampleAt } from './sampling';
import type { ToolScene, Tools } from './tools';

const NOTICE_MS = 4000;
const NEUTRAL = '#d5d9dd';

interface PaneDrawing {
  readonly pane: PlanePane;
  readonly canvas: PenCanvas;
  readonly preview: PreviewPainter;
}

export class ToolDrawing {
  private readonly tools: Tools;
  private readonly scene: ToolScene;
  private readonly panes: readonly PaneDrawing[];
  /** Of the pane that is only to look at: what is measured and what is under the pointer, and nothing of drawing. */
  private beside: PaneDrawing | null = null;
  private notice: { readonly sentence: string; readonly plane: Plane } | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(tools: Tools, scene: ToolScene) {
    this.tools = tools;
    this.scene = scene;
    this.panes = scene.panes.map((pane) => this.drawingOf(pane));
  }

  private drawingOf(pane: PlanePane): PaneDrawing {
    const drawing: PaneDrawing = {
      pane,
      canvas: new PenCanvas(pane.root, pane.marks.root, (pen) => this.paint(pen, drawing)),
      preview: new PreviewPainter(),
    };
    return drawing;
  }

  /** A pane was put beside another one; null: taken away. */
  showBeside(pane: PlanePane | null): void {
    this.beside?.canvas.remove();
    this.beside = pane && this.drawingOf(pane);
    if (pane !== null) this.request();
  }

  private get all(): readonly PaneDrawing[] {
    return this.beside === null ? this.panes : [...this.panes, this.beside];
  }

  /** Every pane with the next frame. */
  request(): void {
    for (const { pane, canvas } of this.all) canvas.request(() => canvas.draw(pane));
  }

  /** A sentence in the pane where the reader is, for a few seconds. */
  say(sentence: string, plane: Plane): void {
    this.hush();
    this.notice = { sentence, plane };
    this.timer = setTimeout(() => this.hush(), NOTICE_MS);
    this.request();
  }

  hush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.notice === null) return;
    this.notice = null;
    this.request();
  }

  private paint(pen: Pen, drawing: PaneDrawing): boolean {
    const lines = this.scene.isOblique ? this.tools.measuring.paint(pen) : this.paintInSlice(pen, drawing);
    const words = [
      this.paintGlass(pen, drawing.pane),
      this.paintPointer(pen, drawing.pane),
      this.paintNotice(pen, drawing),
    ];
    return lines || words.includes(true);
  }

  private paintInSlice(pen: Pen, drawing: PaneDrawing): boolean {
    const { tools, scene, colour } = this;
    if (drawing === this.beside) return tools.measuring.paint(pen);
    const outcome = tools.host.preview;
    const drawn = [
      outcome !== null && drawing.preview.paint(pen, outcome, scene.map, scene.styles),
      tools.measuring.paint(pen),
      tools.drawTool.paint(pen, colour),
      tools.scissors.paint(pen, colour),
      tools.tracing.paint(pen, colour),
      tools.places.paint(pen),
    ];
    return drawn.includes(true);
  }

  private paintGlass({ context }: Pen, pane: PlanePane): boolean {
    const { hovered, magnifier } = this.tools;
    if (!magnifier.isOn || hovered === null || hovered.pane !== pane) return false;
    paintGlass(context, pane.canvases, hovered.at, pixelRatio());
    return true;
  }

  private get colour(): string {
    const { layer, value } = this.scene.active;
    return this.scene.styles[layer]?.colour[value] ?? NEUTRAL;
  }

  /** Probe: what is there. Pick: what would be sampled. */
  private paintPointer(pen: Pen, pane: PlanePane): boolean {
    const { hovered, tool } = this.tools;
    if (hovered === null || hovered.pane !== pane || !pane.isOnScan(hovered.at)) return false;
    const voxel = pane.voxelAt(hovered.at);
    if (tool === 'probe') {
      pen.words(this.scene.describe(voxel), hovered.at);
      return true;
    }
    if (tool !== 'pick' || this.scene.isOblique) return false;
    pen.ring(hovered.at, SAMPLE_MM * pen.view.pixelsPerMm, NEUTRAL);
    const sample = sampleAt(this.scene.image, this.scene.spacing_mm, pen.frame.plane, voxel);
    if (sample === null) return true;
    const [low, high] = rangeOf(sample);
    const lines = [
      `${sample.mean_hu.toFixed(0)} ± ${sample.sd_hu.toFixed(0)} HU`,
      `range ${low} to ${high} HU`,
    ];
    pen.words(lines, hovered.at);
    return true;
  }

  /** Of a plane that is shown twice, on the side where the pointer is. */
  private paintNotice(pen: Pen, drawing: PaneDrawing): boolean {
    const { notice, beside, tools } = this;
    if (notice === null || notice.plane !== pen.frame.plane) return false;
    const isPointedAt = beside !== null && tools.hovered?.pane === beside.pane;
    if (isPointedAt !== (drawing === beside)) return false;
    pen.words(wrapped(notice.sentence, pen), { x: 0, y: pen.view.height });
    return true;
  }

  destroy(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    for (const { canvas } of this.all) canvas.remove();
  }
}

/** About seven pixels for a letter. */
const LETTER_PX = 7;

function wrapped(sentence: string, pen: Pen): string[] {
  const most = Math.max(20, Math.floor((pen.view.width - 24) / LETTER_PX));
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > most) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
