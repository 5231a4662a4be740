/** Which parts of scans are asked for now: few at once, and none that can wait while the next case is asked for. */

/** What is not waited for leaves the few connections of a browser to what is: strokes that are saved, the next case. */
export type Urgency = 'high' | 'low';

/** Of all scans together. A browser has six connections to a server, and the server as many hands. */
export const AT_ONCE = 4;

/** Somebody who asked for the next case and then went elsewhere does not hold up scans for good. */
const HELD_AT_MOST_MS = 5_000;

/** One request that may go out; `signal` says when it has to be given up. */
export interface Turn {
  readonly signal: AbortSignal;
  /** It was given up to let others go first, and is to be asked for again. */
  readonly isPutBack: boolean;
  end(): void;
}

interface Waiting {
  readonly urgency: Urgency;
  readonly start: () => void;
}

class OwnTurn implements Turn {
  isPutBack = false;
  readonly urgency: Urgency;
  private readonly stopping = new AbortController();
  private readonly given: AbortSignal;
  private readonly onEnd: (turn: OwnTurn) => void;

  constructor(given: AbortSignal, urgency: Urgency, onEnd: (turn: OwnTurn) => void) {
    this.given = given;
    this.urgency = urgency;
    this.onEnd = onEnd;
    given.addEventListener('abort', this.stop);
  }

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  readonly stop = (): void => this.stopping.abort();

  putBack(): void {
    this.isPutBack = true;
    this.stop();
  }

  readonly end = (): void => {
    this.given.removeEventListener('abort', this.stop);
    this.onEnd(this);
  };
}

export class ChunkTurns {
  private readonly out = new Set<OwnTurn>();
  private readonly waiting: Waiting[] = [];
  private readonly holds = new Set<object>();
  private readonly atOnce: number;

  constructor(atOnce = AT_ONCE) {
    this.atOnce = atOnce;
  }

  /** Resolves when the request may go out: urgent ones first, else in order. Rejects when `signal` aborts before. */
  take(urgency: Urgency, signal: AbortSignal): Promise<Turn> {
    return new Promise((resolve, fail) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        const turn = new OwnTurn(signal, urgency, this.ended);
        this.out.add(turn);
        resolve(turn);
      };
      const place: Waiting = { urgency, start };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(place), 1);
        fail(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(place);
      this.startNext();
    });
  }

  /** Gives up what is not urgent and asks for no more of it, until the function that is returned is called. */
  hold(): () => void {
    const held = {};
    this.holds.add(held);
    for (const turn of [...this.out]) if (turn.urgency === 'low') turn.putBack();
    const release = (): void => {
      clearTimeout(timer);
      if (this.holds.delete(held)) this.startNext();
    };
    const timer = setTimeout(release, HELD_AT_MOST_MS);
    return release;
  }

  private readonly ended = (turn: OwnTurn): void => {
    if (this.out.delete(turn)) this.startNext();
  };

  private startNext(): void {
    while (this.out.size < this.atOnce) {
      const place = this.nextPlace();
      if (place === undefined) return;
      this.waiting.splice(this.waiting.indexOf(place), 1);
      place.start();
    }
  }

  private nextPlace(): Waiting | undefined {
    const urgent = this.waiting.find(({ urgency }) => urgency === 'high');
    return urgent ?? (this.holds.size === 0 ? this.waiting[0] : undefined);
  }
}

/** Of this page. */
export const chunkTurns = new ChunkTurns();
