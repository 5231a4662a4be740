/** Saving, branches and differences of the server, in memory, for tests: same rules and answers, and faults on demand. */

import { vi } from 'vitest';
import { type Branch, type BranchMeta, type RevisionMeta, type StepMeta, unpackEvents } from '../api';
import { applyEdits, decodeEdits, encodeEdits, LabelMap, type SliceRuns, type Triple } from '../voxels';

type Fault = 'unreachable' | 'answerLost' | 'hangs' | number;

interface MaskOnServer {
  readonly map: LabelMap;
  head: number;
  /** What the mask was at revisions that were saved. */
  readonly history: Map<number, LabelMap>;
  readonly answers: Map<string, { revision: number; sha256: string; active_seconds: number }>;
}

interface BranchOnServer {
  readonly map: LabelMap;
  branch: Branch;
  readonly keys: Set<string>;
}

const FIRST_BRANCH = 900;

export class FakeServer {
  readonly metas: RevisionMeta[] = [];
  /** Revisions that were taken back by their numbers. */
  readonly undone: number[] = [];
  readonly branches: BranchOnServer[] = [];
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
      const map = LabelMap.empty(this.#shape, 1);
      mask = { map, head: 1, history: new Map([[1, map.copy()]]), answers: new Map() };
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
    const answer = await this.#route(path, init);
    if (fault === 'answerLost') {
      throw new TypeError('Failed to fetch');
    }
    return answer;
  }

  async #route(path: string, init: RequestInit): Promise<Response> {
    const [, id, what] = /^\/api\/assignments\/(\d+)\/(revisions|undo|branches)\/$/.exec(path) ?? [];
    if (what === 'revisions') {
      return this.#save(Number(id), path, init);
    }
    if (what === 'undo') {
      return this.#undo(Number(id), init);
    }
    return what === 'branches' ? this.#branch(Number(id), path, init) : this.#difference(path);
  }

  async #save(assignment: number, path: string, init: RequestInit): Promise<Response> {
    const { meta, edits } = await partsOf<RevisionMeta>(path, init);
    this.metas.push(meta);
    return this.#step(this.mask(assignment), meta, (map) => applyEdits(map, edits));
  }

  #undo(assignment: number, init: RequestInit): Response {
    const meta = JSON.parse(init.body as string) as StepMeta & { readonly revision: number };
    this.undone.push(meta.revision);
    const mask = this.mask(assignment);
    const before = mask.history.get(meta.revision - 1);
    const after = mask.history.get(meta.revision);
    if (before === undefined || after === undefined) {
      return Response.json({ detail: 'This mask has no such revision.' }, { status: 400 });
    }
    return this.#step(mask, meta, (map) => applyEdits(map, differenceOf(after, before)));
  }

  #step(mask: MaskOnServer, meta: StepMeta, change: (map: LabelMap) => void): Response {
    const earlier = mask.answers.get(meta.key);
    if (earlier !== undefined) {
      return Response.json(earlier, { status: 200 });
    }
    if (meta.base_revision !== mask.head) {
      return Response.json({ detail: 'The mask has moved on.', head: mask.head }, { status: 409 });
    }
    change(mask.map);
    mask.head += 1;
    mask.history.set(mask.head, mask.map.copy());
    const answer = { revision: mask.head, sha256: `sha-${mask.head}`, active_seconds: 10 * mask.head };
    mask.answers.set(meta.key, answer);
    return Response.json(answer, { status: 201 });
  }

  async #branch(assignment: number, path: string, init: RequestInit): Promise<Response> {
    const { meta, edits } = await partsOf<BranchMeta>(path, init);
    const known = this.branches.find(({ keys }) => keys.has(meta.key));
    if (known !== undefined) {
      return Response.json(known.branch, { status: 201 });
    }
    const own = this.branches.find(({ branch }) => branch.mask === meta.branch);
    const found = own ?? this.#newBranch(assignment, meta.base_revision);
    applyEdits(found.map, edits);
    found.keys.add(meta.key);
    const { head, strokes } = found.branch;
    found.branch = { ...found.branch, head: head + 1, strokes: strokes + meta.events.length };
    return Response.json(found.branch, { status: 201 });
  }

  #newBranch(assignment: number, base: number): BranchOnServer {
    const map = this.mask(assignment).history.get(base)?.copy() ?? LabelMap.empty(this.#shape, 1);
    const mask = String(FIRST_BRANCH + this.branches.length);
    const branch = { mask, head: 0, base_revision: base, strokes: 0, at: '', applied: false };
    const found = { map, branch, keys: new Set<string>() };
    this.branches.push(found);
    return found;
  }

  #difference(path: string): Response {
    const [, id, from, to] = /^\/api\/masks\/(\d+)\/difference\/\?from=(\d+)&to=(\d+)$/.exec(path) ?? [];
    const { history } = this.mask(Number(id));
    const before = history.get(Number(from));
    const after = history.get(Number(to));
    if (before === undefined || after === undefined) {
      return Response.json({ detail: 'This mask has no such revision.' }, { status: 404 });
    }
    return new Response(encodeEdits(differenceOf(before, after)));
  }
}

async function partsOf<Meta extends RevisionMeta>(
  path: string,
  init: RequestInit,
): Promise<{ meta: Meta; edits: SliceRuns[] }> {
  const form = await new Request(new URL(path, 'http://server'), init).formData();
  const packed = JSON.parse(form.get('meta') as string) as Meta;
  const meta = { ...packed, events: unpackEvents(packed.events) };
  return { meta, edits: decodeEdits(await gunzip(form.get('edits') as Blob)) };
}

/** A run for each voxel that differs. */
function differenceOf(before: LabelMap, after: LabelMap): SliceRuns[] {
  return (after.layers[0] ?? []).flatMap((slice, k) => {
    const old = before.layers[0]?.[k];
    const places = [...slice.keys()].filter((p) => slice[p] !== old?.[p]);
    const starts = Uint32Array.from(places);
    const values = Uint8Array.from(places, (p) => slice[p] ?? 0);
    const lengths = new Uint32Array(places.length).fill(1);
    return places.length === 0 ? [] : [{ layer: 0, k, starts, lengths, values }];
  });
}

async function gunzip(packed: Blob): Promise<Uint8Array> {
  const stream = packed.stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
