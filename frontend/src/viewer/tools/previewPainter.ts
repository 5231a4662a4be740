/** Draws what an operation would change above the mask of one plane: added solid, removed hatched. */
import { type LabelMap, PLANE_AXIS, type ProposedChange } from '../../voxels';
import { type PlaneFrame, screenTransform } from '../planeFrame';
import type { LayerStyle } from '../styles';
import type { Pen } from './pen';
import type { Outcome } from './proposal';

const HATCH_PX = 6;
/** Over the mask that would go, so that the hatching shows on any colour. */
const SHADE = 'rgba(0, 0, 0, 0.55)';

export class PreviewPainter {
  private readonly added = document.createElement('canvas');
  private readonly removed = document.createElement('canvas');
  private readonly screen = document.createElement('canvas');
  private shown: { readonly outcome: Outcome; readonly slice: number } | null = null;
  private hasRemoved = false;

  paint(pen: Pen, outcome: Outcome, map: LabelMap, styles: readonly LayerStyle[]): boolean {
    if (this.shown?.outcome !== outcome || this.shown.slice !== pen.slice) {
      this.rebuild(pen.frame, pen.slice, outcome, map, styles);
      this.shown = { outcome, slice: pen.slice };
    }
    this.draw(pen, pen.context, this.added);
    if (this.hasRemoved) this.drawHatched(pen);
    return true;
  }

  private rebuild(
    frame: PlaneFrame,
    slice: number,
    outcome: Outcome,
    map: LabelMap,
    styles: readonly LayerStyle[],
  ): void {
    const added = imageOf(frame);
    const removed = imageOf(frame);
    this.hasRemoved = false;
    for (const change of outcome.changes) {
      const style = styles[change.layer];
      if (style === undefined) continue;
      eachChange(frame, slice, change, map, (p, old, now) => {
        if (now !== 0) added.pixels[p] = opaqueEnough(style, now);
        if (old === 0 || old === 255) return;
        removed.pixels[p] = opaqueEnough(style, old) | 0xff000000;
        this.hasRemoved = true;
      });
    }
    put(this.added, added.image);
    put(this.removed, removed.image);
  }

  private draw(pen: Pen, context: CanvasRenderingContext2D, bitmap: HTMLCanvasElement): void {
    const { x0, y0, dx, dy } = screenTransform(pen.frame, pen.view);
    const ratio = window.devicePixelRatio || 1;
    context.save();
    context.imageSmoothingEnabled = false;
    context.setTransform(dx * ratio, 0, 0, dy * ratio, x0 * ratio, y0 * ratio);
    context.drawImage(bitmap, -0.5, -0.5);
    context.restore();
  }

  /** The removed voxels in their colours, cut into stripes of screen pixels, on a shade. */
  private drawHatched(pen: Pen): void {
    const { canvas } = pen.context;
    const { screen } = this;
    Object.assign(screen, { width: canvas.width, height: canvas.height });
    const context = screen.getContext('2d');
    if (context === null) return;
    const cover = (operation: GlobalCompositeOperation, fill: string | CanvasPattern): void => {
      this.draw(pen, context, this.removed);
      context.globalCompositeOperation = operation;
      context.fillStyle = fill;
      context.fillRect(0, 0, screen.width, screen.height);
      context.globalCompositeOperation = 'source-over';
      pen.context.save();
      pen.context.setTransform(1, 0, 0, 1, 0, 0);
      pen.context.drawImage(screen, 0, 0);
      pen.context.restore();
      context.clearRect(0, 0, screen.width, screen.height);
    };
    cover('source-in', SHADE);
    const stripes = context.createPattern(stripeTile(), 'repeat');
    if (stripes !== null) cover('destination-in', stripes);
  }
}

function eachChange(
  frame: PlaneFrame,
  slice: number,
  { layer, box, values }: ProposedChange,
  map: LabelMap,
  onVoxel: (pixel: number, old: number, now: number) => void,
): void {
  const { across, along, columns } = frame;
  const normal = PLANE_AXIS[frame.plane];
  const depth = slice - box.low[normal];
  if (depth < 0 || depth >= box.size[normal]) return;
  const stride = [1, box.size[0], box.size[0] * box.size[1]] as const;
  const index: [number, number, number] = [0, 0, 0];
  index[normal] = slice;
  for (let r = 0; r < box.size[along]; r++) {
    index[along] = box.low[along] + r;
    for (let c = 0; c < box.size[across]; c++) {
      index[across] = box.low[across] + c;
      const now = values[depth * stride[normal] + r * stride[along] + c * stride[across]] as number;
      const old = map.layers[layer]?.[index[2]]?.[index[0] + map.shape[0] * index[1]] as number;
      if (now !== old) onVoxel(index[across] + columns * index[along], old, now);
    }
  }
}

/** A hidden structure has no colour for its fill: what would change must show all the same. */
function opaqueEnough(style: LayerStyle, value: number): number {
  const pixel = style.added[value] as number;
  if (pixel !== 0) return pixel;
  const colour = Number.parseInt((style.colour[value] ?? '#808080').slice(1), 16);
  const [red, green, blue] = [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
  return ((180 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function imageOf({ columns, rows }: PlaneFrame): { image: ImageData; pixels: Uint32Array } {
  const image = new ImageData(columns, rows);
  return { image, pixels: new Uint32Array(image.data.buffer) };
}

function put(canvas: HTMLCanvasElement, image: ImageData): void {
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

function stripeTile(): HTMLCanvasElement {
  const tile = document.createElement('canvas');
  Object.assign(tile, { width: HATCH_PX, height: HATCH_PX });
  const context = tile.getContext('2d');
  if (context === null) return tile;
  context.strokeStyle = '#fff';
  context.lineWidth = 2;
  context.beginPath();
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    context.moveTo(shift, HATCH_PX);
    context.lineTo(shift + HATCH_PX, 0);
  }
  context.stroke();
  return tile;
}
