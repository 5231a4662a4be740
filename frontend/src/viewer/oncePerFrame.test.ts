import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OncePerFrame } from './oncePerFrame';

let frames: (() => void)[];

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
  vi.stubGlobal('cancelAnimationFrame', (request: number) => {
    if (request > 0) frames[request - 1] = () => undefined;
  });
});

afterEach(() => vi.unstubAllGlobals());

function nextFrame(): void {
  for (const frame of frames.splice(0)) frame();
}

test('what is asked for three times in a frame is done once, and again in a later one', () => {
  const work = vi.fn();
  const perFrame = new OncePerFrame(work);
  for (let time = 0; time < 3; time += 1) perFrame.ask();
  expect(work).not.toHaveBeenCalled();
  nextFrame();
  expect(work).toHaveBeenCalledTimes(1);
  perFrame.ask();
  nextFrame();
  expect(work).toHaveBeenCalledTimes(2);
});

test('nothing is done after its end', () => {
  const work = vi.fn();
  const perFrame = new OncePerFrame(work);
  perFrame.ask();
  perFrame.end();
  perFrame.ask();
  nextFrame();
  expect(work).not.toHaveBeenCalled();
});
