/** Draws a small mask where nobody sees it, until the browser has compiled what draws: the first slice then is quick. */
import { ijk, LabelMap, PLANES, type Triple } from '../voxels';
import { type MaskContent, MaskPainter } from './maskPainter';
import { planeFrame } from './planeFrame';
import { layerStyles } from './styles';
import { straightSection } from './views/section';

const SHAPE: Triple = [96, 96, 24];
const STRUCTURES = 30;
const ROUNDS = 12;
const CANVAS_PX = 128;

/** Yields the share that is done, after one to three milliseconds of work each. */
export function* warmDrawing(): Generator<number, void> {
  const map = cells();
  const structures = Array.from({ length: STRUCTURES }, (_, n) => ({
    layer: 0,
    value: n + 1,
    name: '',
    colour: '#4aa8a0',
    visible: true,
    locked: false,
  }));
  const styles = layerStyles(structures, 1);
  const content: MaskContent = { map, base: null, over: null, styles, outlinePx: 1.5, heat: null };
  const canvas = document.createElement('canvas');
  canvas.width = CANVAS_PX;
  canvas.height = CANVAS_PX;
  const painter = new MaskPainter(canvas);
  for (let round = 0; round < ROUNDS; round++) {
    for (const plane of PLANES) {
      const frame = planeFrame(plane, SHAPE, [0.8, 1, 2.5]);
      const centre = ijk(48, 48, round);
      const section = straightSection(frame, {
        centre,
        width: CANVAS_PX,
        height: CANVAS_PX,
        pixelsPerMm: 1.3,
      });
      painter.invalidate();
      painter.draw(section, content);
      yield round / ROUNDS;
      painter.patch(section, content, { lowColumn: 4, lowRow: 4, highColumn: 20, highRow: 20 });
      yield round / ROUNDS;
    }
  }
  canvas.width = 0;
}

/** Structures beside each other, with gaps. */
function cells(): LabelMap {
  const map = LabelMap.empty(SHAPE, 1);
  for (const [k, slice] of (map.layers[0] ?? []).entries()) {
    for (let p = 0; p < slice.length; p += 12) {
      const cell = (p / 12 + Math.floor(k / 6) + Math.floor(p / 960)) % (STRUCTURES + 1);
      slice.fill(cell, p, p + 11);
    }
  }
  return map;
}
