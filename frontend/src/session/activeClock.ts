/** Active time: the server counts it from our pings; between two answers we count on, so that the figure moves. */

import type { Ping } from '../api';

const PING_EVERY_MS = 20_000;
const IDLE_AFTER_MS = 60_000;
const TICK_MS = 1_000;
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const;

export interface ActiveClockOptions {
  /** Seconds the server had counted when the case was opened. */
  readonly seconds: number;
  readonly ping: (visible: boolean) => Promise<Ping>;
  readonly onSeconds: (seconds: number) => void;
  readonly now?: () => number;
}

export class ActiveClock {
  readonly #options: ActiveClockOptions;
  #seconds: number;
  #lastInput: number;
  #timers: ReturnType<typeof setInterval>[] = [];

  constructor(options: ActiveClockOptions) {
    this.#options = options;
    this.#seconds = options.seconds;
    this.#lastInput = this.#now();
  }

  get isActive(): boolean {
    return document.visibilityState === 'visible' && this.#now() - this.#lastInput < IDLE_AFTER_MS;
  }

  start(): void {
    for (const name of INPUTS) {
      globalThis.addEventListener(name, this.#noteInput, { capture: true, passive: true });
    }
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => void this.#ping(), PING_EVERY_MS),
    ];
  }

  stop(): void {
    for (const name of INPUTS) {
      globalThis.removeEventListener(name, this.#noteInput, { capture: true });
    }
    for (const timer of this.#timers) {
      clearInterval(timer);
    }
  }

  /** The server's figure, also learned from a save. */
  correct(seconds: number): void {
    this.#seconds = seconds;
    this.#options.onSeconds(seconds);
  }

  #now(): number {
    // Not the time of day: a clock that is set anew must neither add nor take seconds.
    return this.#options.now?.() ?? performance.now();
  }

  readonly #noteInput = (): void => {
    this.#lastInput = this.#now();
  };

  #tick(): void {
    if (this.isActive) {
      this.correct(this.#seconds + TICK_MS / 1000);
    }
  }

  async #ping(): Promise<void> {
    if (!this.isActive) {
      return;
    }
    try {
      this.correct((await this.#options.ping(true)).active_seconds);
    } catch {
      // A missed ping costs some seconds of record and nothing else; saving has its own, visible, trouble state.
    }
  }
}
