import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChunkTurns, type Turn, type Urgency } from './chunkTurns';

const NEVER = new AbortController().signal;

/** Requests by name: which are out, and their turns. */
class Asker {
  readonly out = new Map<string, Turn>();
  readonly turns: ChunkTurns;

  constructor(turns: ChunkTurns) {
    this.turns = turns;
  }

  async ask(name: string, urgency: Urgency, signal = NEVER): Promise<void> {
    this.out.set(name, await this.turns.take(urgency, signal));
  }

  async end(name: string): Promise<void> {
    this.out.get(name)?.end();
    this.out.delete(name);
    await Promise.resolve();
  }

  get names(): string[] {
    return [...this.out.keys()];
  }
}

afterEach(() => vi.useRealTimers());

describe('ChunkTurns', () => {
  it('lets few out at once, urgent ones first, then in order', async () => {
    const asker = new Asker(new ChunkTurns(2));
    for (const name of ['a', 'b', 'c', 'd']) void asker.ask(name, 'low');
    void asker.ask('urgent', 'high');
    await Promise.resolve();
    expect(asker.names).toEqual(['a', 'b']);
    await asker.end('a');
    expect(asker.names).toEqual(['b', 'urgent']);
    await asker.end('b');
    expect(asker.names).toEqual(['urgent', 'c']);
  });

  it('puts back what can wait while it is held, and lets urgent ones out', async () => {
    const asker = new Asker(new ChunkTurns(2));
    void asker.ask('a', 'low');
    void asker.ask('first look', 'high');
    void asker.ask('b', 'low');
    await Promise.resolve();
    const a = asker.out.get('a');
    const release = asker.turns.hold();
    expect([a?.isPutBack, a?.signal.aborted]).toEqual([true, true]);
    expect(asker.out.get('first look')?.signal.aborted).toBe(false);
    await asker.end('a');
    void asker.ask('a again', 'low');
    void asker.ask('second look', 'high');
    await Promise.resolve();
    expect(asker.names).toEqual(['first look', 'second look']);
    await asker.end('first look');
    expect(asker.names).toEqual(['second look']);
    release();
    await Promise.resolve();
    expect(asker.names).toEqual(['second look', 'b']);
  });

  it('is not held for good by who forgets to let go', async () => {
    vi.useFakeTimers();
    const asker = new Asker(new ChunkTurns(2));
    asker.turns.hold();
    void asker.ask('a', 'low');
    await vi.advanceTimersByTimeAsync(4_900);
    expect(asker.names).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(asker.names).toEqual(['a']);
  });

  it('forgets who left before or while it was their turn', async () => {
    const asker = new Asker(new ChunkTurns(1));
    const leaving = new AbortController();
    void asker.ask('a', 'low', leaving.signal);
    const waiting = expect(asker.ask('b', 'low', leaving.signal)).rejects.toThrow();
    void asker.ask('c', 'low');
    leaving.abort();
    await waiting;
    expect([asker.out.get('a')?.signal.aborted, asker.out.get('a')?.isPutBack]).toEqual([true, false]);
    await asker.end('a');
    expect(asker.names).toEqual(['c']);
  });
});
