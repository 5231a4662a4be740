/**
 * Lines and letters above the image of one plane: crosshair, brush cursor, orientation letters, which slice it is, how
 * long a centimetre is (or some voxels, where nobody knows how large they are), a note.
 */
import type { PlaneFrame, ScreenPoint } from './planeFrame';
import type { BoundsMark } from './views/bounds';
import { scaleBar } from './views/scaleBar';

const SVG = 'http://www.w3.org/2000/svg';
/** The crosshair leaves the middle free: what the reader points at stays visible. */
const GAP_PX = 14;
const CROSSHAIR = { stroke: '#4aa8a0', 'stroke-width': '1', 'stroke-opacity': '0.5' };
const SMALLEST_CURSOR_PX = 2;
const BAR = { fill: 'none', stroke: '#b4bac0', 'stroke-width': '1.5' };
const BAR_HALO = { fill: 'none', stroke: '#000', 'stroke-opacity': '0.6', 'stroke-width': '3.5' };
/** The bar takes up to so much of the pane's width, and at most this. */
const BAR_SHARE = 0.25;
const LONGEST_BAR_PX = 120;
const CORNER_PX = 12;
/** Beyond what is asked for: dim, but still to be seen. */
const DIM = { fill: '#000', 'fill-opacity': '0.55', 'fill-rule': 'evenodd' };
const SIDES = { stroke: '#f2c14e', 'stroke-width': '1.25', 'stroke-dasharray': '5 4', fill: 'none' };

export class PlaneMarks {
  readonly root: SVGSVGElement;
  private readonly dim: SVGPathElement;
  private readonly sides: SVGPathElement;
  private readonly beyond: SVGTextElement;
  private readonly lines: readonly SVGLineElement[];
  private readonly halo: SVGCircleElement;
  private readonly ring: SVGCircleElement;
  private readonly letters: readonly SVGTextElement[];
  private readonly note: SVGTextElement;
  private readonly where: SVGTextElement;
  private readonly bars: readonly SVGPathElement[];
  private readonly length: SVGTextElement;
  private readonly isMeasured: boolean;
  private width = 0;
  private height = 0;

  constructor(frame: PlaneFrame) {
    this.isMeasured = frame.isMeasured;
    this.root = make('svg', {});
    Object.assign(this.root.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.root.style.pointerEvents = 'none';
    this.dim = this.add('path', DIM);
    this.sides = this.add('path', SIDES);
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
    this.beyond = this.letter('');
    this.where = this.letter('');
    this.bars = [this.add('path', BAR_HALO), this.add('path', BAR)];
    this.length = this.letter('');
    for (const text of [this.where, this.length]) text.setAttribute('text-anchor', 'end');
    this.hideBrush();
  }

  resize(width: number, height: number): void {
    const [left, right, top, bottom] = this.letters;
    if (left) place(left, 10, height / 2 + 4);
    if (right) place(right, width - 10, height / 2 + 4);
    if (top) place(top, width / 2, 16);
    if (bottom) place(bottom, width / 2, height - 8);
    place(this.where, width - CORNER_PX, 18);
    place(this.beyond, width / 2, height - 26);
    [this.width, this.height] = [width, height];
  }

  /** `slice`: null where the plane shows no slice of the scan. */
  look(slice: number | null, slices: number, pixelsPerMm: number): void {
    this.where.textContent = slice === null ? '' : `${slice} / ${slices - 1}`;
    const mostPx = Math.min(LONGEST_BAR_PX, BAR_SHARE * this.width);
    const { px, words } = scaleBar(pixelsPerMm, mostPx, this.isMeasured);
    const [right, bottom] = [this.width - CORNER_PX, this.height - CORNER_PX];
    const path = `M${(right - px).toFixed(1)} ${bottom - 5}v5H${right}v-5`;
    for (const bar of this.bars) bar.setAttribute('d', path);
    this.length.textContent = words;
    place(this.length, right, bottom - 8);
  }

  /** What is asked for, and what is not. */
  bound({ dim, sides, isBeyond }: BoundsMark): void {
    this.dim.setAttribute('d', dim);
    this.sides.setAttribute('d', sides);
    this.beyond.textContent = isBeyond ? 'not asked for' : '';
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
    const element = this.add('text', { fill: '#b4bac0', 'font-size': '12', 'text-anchor': 'middle' });
    element.setAttribute('paint-order', 'stroke');
    element.setAttribute('stroke', '#000');
    element.setAttribute('stroke-width', '3');
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
