/** The revisions route of the server, in memory, for tests: same rules, same answers, and faults on demand. */

import { vi } from 'vitest';
import type { RevisionMeta } from '../api';
import { applyEdits, decodeEdits, LabelMap, type Triple } from '../voxels';

type Fault = 'unreachable' | 'answerLost' | 'hangs' | number;

interface MaskOnServer {
  readonly map: LabelMap;
  head: number;
  readonly answers: Map<string, { revision: number; sha256: string; active_seconds: number }>;
}

export class FakeServer {
  readonly metas: RevisionMeta[] = [];
  requests = 0;
  mostInFlight = 0;
  #inFlight = 0;
  #faults: Fault[] = [];
  readonly #masks = new Map<number, MaskOnServer>();
  readonly #shape: Triple;

  constructor(shape: Triple) {
    this.#shape = shape;
  }

  /** Stands in for the network below the API client. */
  install(): void {
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => this.#answer(path, init));
    vi.stubGlobal('document', { cookie: 'csrftoken=abc' });
  }

  /** What shall go wrong with the next requests, one after another. */
  failNext(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  mask(assignment: number): MaskOnServer {
    let mask = this.#masks.get(assignment);
    if (mask === undefined) {
      mask = { map: LabelMap.empty(this.#shape, 1), head: 1, answers: new Map() };
      this.#masks.set(assignment, mask);
    }
    return mask;
  }

  async #answer(path: string, init: RequestInit): Promise<Response> {
    this.requests += 1;
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    try {
      return await this.#withFault(path, init);
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #withFault(path: string, init: RequestInit): Promise<Response> {
    const fault = this.#faults.shift();
    if (fault === 'unreachable') {
      throw new TypeError('Failed to fetch');
    }
    if (fault === 'hangs') {
      await new Promise(() => undefined);
    }
    if (typeof fault === 'number') {
      return Response.json({ detail: `The fake server says ${fault}.` }, { status: fault });
    }
    const answer = await this.#save(path, init);
    if (fault === 'answerLost') {
      throw new TypeError('Failed to fetch');
    }
    return answer;
  }

  async #save(path: string, init: RequestInit): Promise<Response> {
    const assignment = Number(/^\/api\/assignments\/(\d+)\/revisions\/$/.exec(path)?.[1]);
    const form = await new Request(new URL(path, 'http://server'), init).formData();
    const meta = JSON.parse(form.get('meta') as string) as RevisionMeta;
    this.metas.push(meta);
    const mask = this.mask(assignment);
    const earlier = mask.answers.get(meta.key);
    if (earlier !== undefined) {
      return Response.json(earlier, { status: 200 });
    }
    if (meta.base_revision !== mask.head) {
      return Response.json({ detail: 'The mask has moved on.', head: mask.head }, { status: 409 });
    }
    applyEdits(mask.map, decodeEdits(await gunzip(form.get('edits') as Blob)));
    mask.head += 1;
    const answer = { revision: mask.head, sha256: `sha-${mask.head}`, active_seconds: 10 * mask.head };
    mask.answers.set(meta.key, answer);
    return Response.json(answer, { status: 201 });
  }
}

async function gunzip(packed: Blob): Promise<Uint8Array> {
  const stream = packed.stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
