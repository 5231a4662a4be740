/** A round glass under the pointer: image and mask of its pane as they are on the screen, larger. */
import type { ScreenPoint } from '../planeFrame';

export const GLASS_PX = 110;
const TIMES = 2.5;
const RIM = '#d5d9dd';

export class Magnifier {
  isOn = false;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  show(isOn: boolean): void {
    this.isOn = isOn;
    this.changed();
  }
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** What is seen in the glass, and where the glass is: the point below the pointer stays below it. */
export function glassAt({ x, y }: ScreenPoint): { readonly from: Rectangle; readonly to: Rectangle } {
  const seen = GLASS_PX / TIMES;
  return {
    from: { x: x - seen, y: y - seen, size: 2 * seen },
    to: { x: x - GLASS_PX, y: y - GLASS_PX, size: 2 * GLASS_PX },
  };
}

/** `ratio`: pixels of the canvases for one of the page. */
export function paintGlass(
  context: CanvasRenderingContext2D,
  canvases: readonly HTMLCanvasElement[],
  at: ScreenPoint,
  ratio: number,
): void {
  const { from, to } = glassAt(at);
  context.save();
  const circle = new Path2D();
  circle.arc(at.x, at.y, GLASS_PX, 0, 2 * Math.PI);
  context.clip(circle);
  context.fillStyle = '#000';
  context.fill(circle);
  context.imageSmoothingEnabled = true;
  for (const canvas of canvases) {
    const side = from.size * ratio;
    context.drawImage(canvas, from.x * ratio, from.y * ratio, side, side, to.x, to.y, to.size, to.size);
  }
  context.restore();
  context.lineWidth = 1.5;
  context.strokeStyle = RIM;
  context.stroke(circle);
}
