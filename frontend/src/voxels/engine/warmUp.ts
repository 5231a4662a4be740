import { NO_MASK } from '../editMask';
import { ijk, type Triple } from '../geometry';
import { LabelMap } from '../labelMap';
import { EditEngine } from './editEngine';
import type { StrokeTarget } from './stroke';

const SHAPE: Triple = [96, 96, 96];
const SPACING_MM: Triple = [1, 1, 1];
const ROUNDS = 6;

/**
 * Draws on a small mask of its own until the browser has compiled the engine: the first stroke of a reader is then as
 * fast as the tenth. Yields the share that is done after each stroke, of one to three milliseconds.
 */
export function* warmUp(): Generator<number, void> {
  const map = LabelMap.empty(SHAPE, 1);
  const engine = new EditEngine(map, SPACING_MM);
  const hu = Array.from({ length: SHAPE[2] }, () => new Int16Array(SHAPE[0] * SHAPE[1]));
  engine.setImage(hu, () => true);
  const source = map.copy();
  for (let round = 0; round < ROUNDS; round++) {
    engine.setMask(
      round % 3 === 0 ? { ...NO_MASK, area: 'outside', structures: [{ layer: 0, value: 9 }] } : NO_MASK,
    );
    const value = 1 + (round % 2);
    draw(engine, { tool: 'brush', layer: 0, value });
    yield round / ROUNDS;
    draw(engine, { tool: 'threshold_brush', layer: 0, value, hu: [-1, 1] });
    yield round / ROUNDS;
    draw(engine, { tool: 'accept_brush', layer: 0, value, writes: source });
    engine.undo();
    yield round / ROUNDS;
    draw(engine, { tool: 'eraser', layer: 0, value, all: true });
  }
}

function draw(engine: EditEngine, target: StrokeTarget): void {
  engine.begin(target);
  for (const i of [44, 48, 52]) {
    engine.stamp({ from: ijk(i, 48, 48), to: ijk(i + 4, 46, 48), radius_mm: 30, plane: null });
  }
  engine.draft();
  engine.commit();
}
