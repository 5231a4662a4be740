import { expect, test } from 'vitest';
import { DoneMarks } from './doneMarks';

class Memory implements Storage {
  readonly #items = new Map<string, string>();
  readonly full: boolean;
  constructor(full = false) {
    this.full = full;
  }
  get length(): number {
    return this.#items.size;
  }
  clear(): void {
    this.#items.clear();
  }
  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
  setItem(key: string, value: string): void {
    if (this.full) {
      throw new DOMException('full', 'QuotaExceededError');
    }
    this.#items.set(key, value);
  }
}

test('marks of one reader on one prediction are found again, and nobody else’s', () => {
  const storage = new Memory();
  new DoneMarks('ana', '7', storage).write(new Set([0, 3]));
  expect([...new DoneMarks('ana', '7', storage).read()]).toEqual([0, 3]);
  expect(new DoneMarks('ben', '7', storage).read().size).toBe(0);
  expect(new DoneMarks('ana', '8', storage).read().size).toBe(0);
});

test('the oldest cases make room', () => {
  const storage = new Memory();
  for (let mask = 1; mask <= 101; mask++) {
    new DoneMarks('ana', String(mask), storage).write(new Set([mask]));
  }
  expect(new DoneMarks('ana', '1', storage).read().size).toBe(0);
  expect([...new DoneMarks('ana', '2', storage).read()]).toEqual([2]);
  expect([...new DoneMarks('ana', '101', storage).read()]).toEqual([101]);
});

test('a damaged or full store stops nobody', () => {
  const storage = new Memory();
  storage.setItem('delineate-regions', '{not json');
  expect(new DoneMarks('ana', '1', storage).read().size).toBe(0);
  const full = new DoneMarks('ana', '1', new Memory(true));
  full.write(new Set([1]));
  expect(full.read().size).toBe(0);
});
