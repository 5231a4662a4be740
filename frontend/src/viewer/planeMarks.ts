/** Lines and letters above the image of one plane: crosshair, brush cursor, orientation letters, a note. */
import type { PlaneFrame, ScreenPoint } from './planeFrame';

const SVG = 'http://www.w3.org/2000/svg';
/** The crosshair leaves the middle free: what the reader points at stays visible. */
const GAP_PX = 14;
const CROSSHAIR = { stroke: '#4aa8a0', 'stroke-width': '1', 'stroke-opacity': '0.5' };
const SMALLEST_CURSOR_PX = 2;

export class PlaneMarks {
  readonly root: SVGSVGElement;
  private readonly lines: readonly SVGLineElement[];
  private readonly halo: SVGCircleElement;
  private readonly ring: SVGCircleElement;
  private readonly letters: readonly SVGTextElement[];
  private readonly note: SVGTextElement;

  constructor(frame: PlaneFrame) {
    this.root = make('svg', {});
    Object.assign(this.root.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.root.style.pointerEvents = 'none';
    this.lines = [0, 1, 2, 3].map(() => this.add('line', CROSSHAIR));
    this.halo = this.add('circle', {
      fill: 'none',
      stroke: '#000',
      'stroke-opacity': '0.6',
      'stroke-width': '3',
    });
    this.ring = this.add('circle', { fill: 'none', 'stroke-width': '1.25' });
    const { left, right, top, bottom } = frame.letters;
    this.letters = [left, right, top, bottom].map((letter) => this.letter(letter));
    this.note = this.letter('');
    this.note.setAttribute('text-anchor', 'start');
    place(this.note, 8, 18);
    this.hideBrush();
  }

  resize(width: number, height: number): void {
    const [left, right, top, bottom] = this.letters;
    if (left) place(left, 10, height / 2 + 4);
    if (right) place(right, width - 10, height / 2 + 4);
    if (top) place(top, width / 2, 16);
    if (bottom) place(bottom, width / 2, height - 8);
  }

  crosshair({ x, y }: ScreenPoint, width: number, height: number): void {
    const ends = [
      [0, y, x - GAP_PX, y],
      [x + GAP_PX, y, width, y],
      [x, 0, x, y - GAP_PX],
      [x, y + GAP_PX, x, height],
    ] as const;
    this.lines.forEach((line, n) => {
      const [x1, y1, x2, y2] = ends[n] ?? [0, 0, 0, 0];
      // An end beyond the other one means that this half lies outside the plane.
      set(line, { x1, y1, x2: Math.max(x1, x2), y2: Math.max(y1, y2) });
    });
  }

  brush({ x, y }: ScreenPoint, radius: number, colour: string): void {
    const r = Math.max(SMALLEST_CURSOR_PX, radius);
    for (const circle of [this.halo, this.ring]) {
      set(circle, { cx: x, cy: y, r });
      circle.style.display = '';
    }
    this.ring.setAttribute('stroke', colour);
  }

  hideBrush(): void {
    this.halo.style.display = 'none';
    this.ring.style.display = 'none';
  }

  setNote(text: string): void {
    this.note.textContent = text;
  }

  private letter(text: string): SVGTextElement {
    const element = this.add('text', { fill: '#8b939b', 'font-size': '12', 'text-anchor': 'middle' });
    element.setAttribute('paint-order', 'stroke');
    element.setAttribute('stroke', '#000');
    element.setAttribute('stroke-width', '2');
    element.style.fontFamily = 'system-ui, sans-serif';
    element.textContent = text;
    return element;
  }

  private add<Name extends keyof SVGElementTagNameMap>(
    name: Name,
    attributes: Readonly<Record<string, string>>,
  ): SVGElementTagNameMap[Name] {
    const element = make(name, attributes);
    this.root.append(element);
    return element;
  }
}

function make<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function set(element: SVGElement, numbers: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(numbers)) element.setAttribute(key, value.toFixed(1));
}

function place(element: SVGTextElement, x: number, y: number): void {
  set(element, { x, y });
}
