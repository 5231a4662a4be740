import { expect, test } from 'vitest';
import { packEvents, unpackEvents } from './packEvents';

const event = (tool: string, structure: number, layer = 0) => ({
  tool,
  structure,
  layer,
  added: 0,
  removed: 7,
});

test('one tool on many structures is named once, in order, and comes back', () => {
  const events = [event('brush', 1), event('eraser', 2), event('eraser', 3), event('eraser', 3, 1)];
  const packed = packEvents(events);
  expect(packed).toEqual([
    event('brush', 1),
    {
      tool: 'eraser',
      layer: 0,
      changes: [
        [2, 0, 7],
        [3, 0, 7],
      ],
    },
    event('eraser', 3, 1),
  ]);
  expect(unpackEvents(packed)).toEqual(events);
  expect(packEvents([])).toEqual([]);
});
