import { expect, test } from 'vitest';
import { ijk } from '../../voxels';
import type { PlaneView } from '../planeFrame';
import { Link, type LinkedPane } from './twin';

/** Tells of each of its moves, as a pane of the page does, also of those that it was made to do. */
class Recorded implements LinkedPane {
  view: PlaneView = { centre: ijk(0, 0, 0), pixelsPerMm: 1, width: 100, height: 100 };
  moves = 0;
  told: (pane: Recorded) => void = () => undefined;

  follow({ centre, pixelsPerMm }: PlaneView): void {
    this.look({ ...this.view, centre, pixelsPerMm });
  }

  look(view: PlaneView): void {
    this.view = view;
    this.moves += 1;
    this.told(this);
  }
}

function linked() {
  const [left, right] = [new Recorded(), new Recorded()];
  const link = new Link(left, right);
  left.told = (pane) => link.moved(pane);
  right.told = (pane) => link.moved(pane);
  return { left, right, link };
}

test('whichever of the two moves, the other one follows once, in its own size', () => {
  const { left, right } = linked();
  right.view = { ...right.view, width: 90 };
  left.look({ ...left.view, centre: ijk(3, 4, 5), pixelsPerMm: 2 });
  expect(right.view).toEqual({ centre: [3, 4, 5], pixelsPerMm: 2, width: 90, height: 100 });
  right.look({ ...right.view, centre: ijk(7, 4, 5) });
  expect(left.view.centre).toEqual([7, 4, 5]);
  expect(left.view.width).toBe(100);
  expect([left.moves, right.moves]).toEqual([2, 2]);
});

test('what is done quietly stays with one of the two, also where it fails', () => {
  const { left, right, link } = linked();
  link.quietly(() => right.look({ ...right.view, pixelsPerMm: 9 }));
  expect(left.moves).toBe(0);
  expect(() =>
    link.quietly(() => {
      throw new Error('no');
    }),
  ).toThrow('no');
  left.look({ ...left.view, pixelsPerMm: 4 });
  expect(right.view.pixelsPerMm).toBe(4);
});
