/**
 * Runs operations by name: cuts out what they need, has a worker compute, shows what would change, applies it.
 *
 * It knows no operation by name. What is drawn while one runs makes it stale: it is stopped and says so.
 */
import {
  OPERATIONS,
  type Operation,
  type OperationName,
  type OperationParams,
  type StrokeRecord,
  type StructureRef,
} from '../../voxels';
import { Subscribers } from '../subscribers';
import { cutRegion, needOf, type Scan } from './cutter';
import { OperationWorker } from './operationWorker';
import type { OperationState } from './port';
import type { Outcome, Rules } from './proposal';
import { inSteps } from './steps';

export interface OperationScene extends Scan {
  readonly active: StructureRef;
  /** Why nothing can be changed now; empty where it can. */
  readonly refusal: string;
  /** The preview came, changed or went. */
  previewChanged(): void;
  /** `note`: what the operation had to say; empty for nothing. */
  operationApplied(record: StrokeRecord, note: string): void;
}

/** Share of the work that is cutting out; the rest is the operation's own. */
const CUT_SHARE = 0.15;
const NOTHING_THERE = 'There is nothing to work on: the structure has no voxels yet.';
const NOTHING_TO_DO = 'Nothing would change: the mask already is as this tool would make it.';
const NOTHING_ALLOWED =
  'Nothing would change: a lock, or the limits under “Paint”, keep every voxel that this tool would change.';
const STALE = 'The mask was changed meanwhile, so this result does not fit any more. Run it again.';

interface Pending {
  readonly name: OperationName;
  readonly target: StructureRef;
  readonly outcome: Outcome;
  readonly version: number;
}

export class OperationHost {
  readonly changed = new Subscribers<OperationState>();
  private current: OperationState = { kind: 'none' };
  private readonly scene: OperationScene;
  private readonly worker: OperationWorker;
  private work: AbortController | null = null;
  private pending: Pending | null = null;

  constructor(scene: OperationScene, worker = new OperationWorker()) {
    this.scene = scene;
    this.worker = worker;
  }

  get state(): OperationState {
    return this.current;
  }

  /** What would change, to be shown on the planes. */
  get preview(): Outcome | null {
    return this.pending?.outcome ?? null;
  }

  run<N extends OperationName>(
    name: N,
    params: OperationParams[N],
    how: { readonly preview: boolean },
  ): void {
    this.stopWork();
    // What is shown stays until the new preview comes: a slider that is dragged must not make it flicker.
    if (!how.preview || this.scene.refusal !== '') this.dropPreview();
    if (this.scene.refusal !== '') {
      this.become({ kind: 'failed', name, sentence: this.scene.refusal });
      return;
    }
    const work = new AbortController();
    this.work = work;
    this.become({ kind: 'running', name, share: 0 });
    this.compute(name, params, work.signal)
      .then((pending) => (how.preview ? this.show(pending) : this.write(pending, work.signal)))
      .catch((error: unknown) => {
        if (!work.signal.aborted) this.fail(name, error);
      });
  }

  private async compute<N extends OperationName>(
    name: N,
    params: OperationParams[N],
    signal: AbortSignal,
  ): Promise<Pending> {
    const { scene } = this;
    const { version } = scene.engine;
    const target = scene.active;
    const operation = OPERATIONS[name] as unknown as Operation<OperationParams[N]>;
    const need = await inSteps(needOf(operation, params, scene), () => {}, signal);
    if (need.box === null) throw new Error(NOTHING_THERE);
    const { mask } = scene.engine;
    const tellCut = (share: number) => this.running(name, share * CUT_SHARE);
    const region = await inSteps(cutRegion(scene, need.box, need.hu || mask.hu !== null), tellCut, signal);
    if (scene.engine.version !== version) throw new Error(STALE);
    const rules = this.rules();
    const outcome = await this.worker.run({ name, params, region, rules }, (share) =>
      this.running(name, CUT_SHARE + share * (1 - CUT_SHARE)),
    );
    signal.throwIfAborted();
    if (outcome.voxels === 0) throw new Error(whyNothing(outcome));
    return { name, target, outcome, version };
  }

  private rules(): Rules {
    const { engine } = this.scene;
    const locked = engine.map.layers.map((_, layer) =>
      Uint8Array.from({ length: 256 }, (_, value) => (engine.isLocked(layer, value) ? 1 : 0)),
    );
    return { mask: engine.mask, locked };
  }

  private show(pending: Pending): void {
    this.work = null;
    this.pending = pending;
    const { voxels, note } = pending.outcome;
    this.become({ kind: 'preview', name: pending.name, voxels, note });
    this.scene.previewChanged();
  }

  /** Writes what the preview shows. */
  apply(): void {
    const { pending } = this;
    if (pending === null || this.work !== null) return;
    const work = new AbortController();
    this.work = work;
    this.write(pending, work.signal).catch((error: unknown) => {
      if (!work.signal.aborted) this.fail(pending.name, error);
    });
  }

  private async write({ name, target, outcome, version }: Pending, signal: AbortSignal): Promise<void> {
    const edit = { tool: name, target, changes: outcome.changes, version };
    const steps = this.scene.engine.applyInSteps(edit);
    const record = await inSteps(steps, (share) => this.running(name, share), signal);
    this.work = null;
    this.dropPreview();
    this.become({ kind: 'none' });
    if (record !== null) this.scene.operationApplied(record, outcome.note);
  }

  /** Stops what runs, or drops the preview. */
  dismiss(): void {
    this.stop();
    this.become({ kind: 'none' });
  }

  /** The mask was changed by something else: what was computed from it does not fit any more. */
  maskChanged(): void {
    const { current } = this;
    if (current.kind !== 'running' && current.kind !== 'preview') return;
    this.stop();
    this.become({ kind: 'failed', name: current.name, sentence: STALE });
  }

  private stop(): void {
    this.stopWork();
    this.dropPreview();
  }

  private stopWork(): void {
    this.work?.abort();
    this.work = null;
    this.worker.stop();
  }

  private dropPreview(): void {
    if (this.pending === null) return;
    this.pending = null;
    this.scene.previewChanged();
  }

  private running(name: OperationName, share: number): void {
    this.become({ kind: 'running', name, share: Math.min(1, share) });
  }

  private fail(name: OperationName, error: unknown): void {
    this.stop();
    const sentence = error instanceof Error ? error.message : 'The operation failed; nothing was changed.';
    this.become({ kind: 'failed', name, sentence });
  }

  private become(state: OperationState): void {
    if (state.kind === 'none' && this.current.kind === 'none') return;
    this.current = state;
    this.changed.tell(state);
  }

  destroy(): void {
    this.work?.abort();
    this.worker.destroy();
    this.pending = null;
    this.changed.clear();
  }
}

function whyNothing({ note, kept }: Outcome): string {
  if (note !== '') return note;
  return kept > 0 ? NOTHING_ALLOWED : NOTHING_TO_DO;
}
