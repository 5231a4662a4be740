/** The 3-D view in its element: surfaces, crosshair, and what the pointer does there. */
import { type Box, type Ijk, ijk, type Surface, type Triple } from '../../voxels';
import { OncePerFrame } from '../oncePerFrame';
import type { ViewerVolume } from '../port';
import { pixelRatio } from './bitmap';
import {
  clipMatrix,
  fitted,
  letterOf,
  moved,
  type Orbit,
  pixelMatrix,
  pointAt,
  scaled,
  screenAxes,
  turned,
} from './orbit';
import type { SurfaceTarget } from './surfaces';
import { opposite } from './vectors';
import type { Frame, Look, VolumeAnswer, VolumeRequest } from './volumeMessages';
import { boxLines, crossLines, partLines } from './wires';

const LOST = 'The graphics card has dropped the 3-D view. It comes back by itself; the planes work on.';
/** A press that moves less is a click. */
const CLICK_PX = 4;
const ZOOM_PER_PIXEL = 1.0012;
const CROSSHAIR: Triple = [0.29, 0.66, 0.63];
const BOX: Triple = [0.2, 0.22, 0.25];
/** As its sides in the planes. */
const PART: Triple = [0.95, 0.76, 0.31];

export interface VolumeHost {
  readonly volume: ViewerVolume;
  /** All that is asked for; null: the whole scan. */
  readonly bounds: Box | null;
  crosshair(): Ijk;
  goTo(index: Ijk): void;
}

/** What becomes of the view without the reader's doing. */
export interface VolumeFate {
  /** Surfaces are gone and have to be shown again. */
  restored(): void;
  /** Nothing can be shown. */
  failed(): void;
}

export class VolumeView implements SurfaceTarget {
  private readonly host: VolumeHost;
  private readonly fate: VolumeFate;
  private readonly note = document.createElement('p');
  private readonly canvas = document.createElement('canvas');
  private readonly letters: Readonly<Record<'left' | 'right' | 'top' | 'bottom', HTMLSpanElement>>;
  private readonly worker: Worker;
  private readonly resizes: ResizeObserver;
  private readonly listening = new AbortController();
  private readonly size_mm: Triple;
  private readonly reach_mm: number;
  private orbit: Orbit;
  private isFitted = true;
  private readonly drawn = new OncePerFrame(() => this.draw());
  private readonly picks = new Map<number, (depth: number | null) => void>();
  private lastPick = 0;
  private drag: { x: number; y: number; travelled: number; readonly button: number } | null = null;

  constructor(element: HTMLElement, host: VolumeHost, fate: VolumeFate) {
    this.host = host;
    this.fate = fate;
    const { shape, spacing_mm } = host.volume;
    this.size_mm = [0, 1, 2].map(
      (n) => (shape[n] as number) * (spacing_mm[n] as number),
    ) as unknown as Triple;
    this.reach_mm = 4 * Math.hypot(...this.size_mm);
    Object.assign(this.canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.canvas.style.touchAction = 'none';
    this.canvas.dataset.view = 'volume';
    Object.assign(this.note.style, { position: 'absolute', inset: '0', margin: 'auto', padding: '16px' });
    Object.assign(this.note.style, { height: 'fit-content', maxWidth: '360px', textAlign: 'center' });
    Object.assign(this.note.style, { background: 'rgba(15, 17, 19, 0.85)', borderRadius: '6px' });
    this.note.setAttribute('role', 'status');
    this.say('');
    element.append(this.canvas, this.note);
    this.letters = { left: letter(), right: letter(), top: letter(), bottom: letter() };
    placeLetters(this.letters, element);
    this.orbit = fitted(this.size_mm, element.clientWidth, element.clientHeight);
    this.worker = this.start();
    this.resizes = new ResizeObserver(() => this.resized());
    this.resizes.observe(this.canvas);
    this.listen();
  }

  private start(): Worker {
    const worker = new Worker(new URL('./volumeWorker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<VolumeAnswer>) => {
      this.answered(data);
    };
    const canvas = this.canvas.transferControlToOffscreen();
    worker.postMessage({ kind: 'start', canvas } satisfies VolumeRequest, [canvas]);
    return worker;
  }

  private answered(answer: VolumeAnswer): void {
    switch (answer.kind) {
      case 'picked':
        this.picks.get(answer.id)?.(answer.depth);
        this.picks.delete(answer.id);
        return;
      case 'lost':
        this.say(LOST);
        return;
      case 'restored':
        this.say('');
        this.fate.restored();
        return;
      case 'failed':
        this.say(answer.sentence);
        this.fate.failed();
    }
  }

  /** Over the picture; an empty sentence takes the note away. */
  private say(sentence: string): void {
    this.note.textContent = sentence;
    this.note.hidden = sentence === '';
  }

  private tell(request: VolumeRequest, transfer: Transferable[] = []): void {
    this.worker.postMessage(request, transfer);
  }

  show(key: string, surface: Surface, colour: string): void {
    const { positions, normals, triangles } = surface;
    const buffers = [positions, normals, triangles].map(({ buffer }) => buffer as ArrayBuffer);
    this.tell({ kind: 'show', key, surface, colour }, buffers);
  }

  hide(key: string): void {
    this.tell({ kind: 'hide', key });
  }

  colour(key: string, colour: string): void {
    this.tell({ kind: 'colour', key, colour });
  }

  /** Draws with the next frame, however often it is asked. */
  redraw(): void {
    this.drawn.ask();
  }

  reset(): void {
    this.isFitted = true;
    this.resized();
  }

  destroy(): void {
    this.drawn.end();
    this.listening.abort();
    this.resizes.disconnect();
    // The graphics card's memory goes with the worker.
    this.worker.terminate();
    for (const element of [this.canvas, this.note, ...Object.values(this.letters)]) element.remove();
  }

  private resized(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    if (this.isFitted) this.orbit = fitted(this.size_mm, clientWidth, clientHeight);
    this.redraw();
  }

  private draw(): void {
    if (this.canvas.clientWidth === 0) return;
    const { right, up } = screenAxes(this.orbit);
    this.letters.right.textContent = letterOf(right);
    this.letters.left.textContent = letterOf(opposite(right));
    this.letters.top.textContent = letterOf(up);
    this.letters.bottom.textContent = letterOf(opposite(up));
    const { spacing_mm } = this.host.volume;
    const cross = this.host
      .crosshair()
      .map((n, axis) => n * (spacing_mm[axis] as number)) as unknown as Triple;
    const { bounds } = this.host;
    const frame: Frame = {
      look: this.look(),
      lines: [
        { points: boxLines([0, 0, 0], this.size_mm), colour: BOX },
        ...(bounds === null ? [] : [{ points: partLines(bounds, spacing_mm), colour: PART }]),
        { points: crossLines(cross, this.size_mm), colour: CROSSHAIR },
      ],
      width: Math.round(this.canvas.clientWidth * pixelRatio()),
      height: Math.round(this.canvas.clientHeight * pixelRatio()),
    };
    this.tell({ kind: 'frame', frame });
  }

  private look(): Look {
    const { clientWidth, clientHeight } = this.canvas;
    return {
      clip: clipMatrix(this.orbit, clientWidth, clientHeight, this.reach_mm),
      towards: screenAxes(this.orbit).towards,
    };
  }

  private listen(): void {
    const { canvas } = this;
    const options = { signal: this.listening.signal };
    canvas.addEventListener('pointerdown', (event) => this.down(event), options);
    canvas.addEventListener('pointermove', (event) => this.move(event), options);
    canvas.addEventListener('pointerup', (event) => this.up(event), options);
    canvas.addEventListener('pointercancel', () => this.letGo(), options);
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), options);
    canvas.addEventListener('wheel', (event) => this.wheel(event), { ...options, passive: false });
  }

  private down(event: PointerEvent): void {
    const button = event.shiftKey ? 1 : event.button;
    this.drag = { x: event.clientX, y: event.clientY, travelled: 0, button };
    this.canvas.setPointerCapture(event.pointerId);
  }

  private move({ clientX, clientY }: PointerEvent): void {
    const { drag } = this;
    if (drag === null) return;
    const [dx, dy] = [clientX - drag.x, clientY - drag.y];
    drag.travelled += Math.hypot(dx, dy);
    drag.x = clientX;
    drag.y = clientY;
    if (drag.travelled < CLICK_PX) return;
    this.isFitted = false;
    this.orbit = drag.button === 0 ? turned(this.orbit, dx, dy) : moved(this.orbit, dx, dy);
    this.redraw();
  }

  private up(event: PointerEvent): void {
    const isClick = this.drag !== null && this.drag.travelled < CLICK_PX && this.drag.button === 0;
    this.letGo();
    if (isClick) void this.pick(event);
  }

  private letGo(): void {
    this.drag = null;
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.isFitted = false;
    this.orbit = scaled(this.orbit, ZOOM_PER_PIXEL ** -event.deltaY);
    this.redraw();
  }

  /** The crosshair goes to the surface under the pointer. */
  private async pick({ clientX, clientY }: PointerEvent): Promise<void> {
    const { orbit, reach_mm } = this;
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const [x, y] = [clientX - left, clientY - top];
    const { clip, towards } = this.look();
    const depth = await this.depthAt({
      clip: pixelMatrix(clip, x, y, width, height),
      towards,
    });
    if (depth === null || this.listening.signal.aborted) return;
    const point = pointAt(orbit, { x, y, depth }, width, height, reach_mm);
    const { spacing_mm } = this.host.volume;
    this.host.goTo(ijk(point[0] / spacing_mm[0], point[1] / spacing_mm[1], point[2] / spacing_mm[2]));
  }

  private depthAt(look: Look): Promise<number | null> {
    const id = ++this.lastPick;
    this.tell({ kind: 'pick', id, look });
    return new Promise((settle) => this.picks.set(id, settle));
  }
}

function letter(): HTMLSpanElement {
  const span = document.createElement('span');
  Object.assign(span.style, { position: 'absolute', color: '#8b939b', font: '12px system-ui, sans-serif' });
  span.style.pointerEvents = 'none';
  return span;
}

function placeLetters(letters: VolumeView['letters'], element: HTMLElement): void {
  const middle = 'translate(-50%, -50%)';
  Object.assign(letters.left.style, { left: '10px', top: '50%', transform: middle });
  Object.assign(letters.right.style, { right: '10px', top: '50%', transform: 'translate(50%, -50%)' });
  Object.assign(letters.top.style, { left: '50%', top: '12px', transform: middle });
  Object.assign(letters.bottom.style, { left: '50%', bottom: '12px', transform: 'translate(-50%, 50%)' });
  element.append(...Object.values(letters));
}
