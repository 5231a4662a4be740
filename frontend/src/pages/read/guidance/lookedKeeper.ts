/** Which slices of the open case were on screen: merged with what the server knows, sent now and then and on leaving. */

import { ApiError, type Looked, saveLooked } from '../../../api';
import { PLANE_AXIS, PLANES, type Plane, type Triple } from '../../../voxels';
import { packLooked, unpackLooked } from './looked';

const SEND_AFTER_MS = 5_000;

export interface LookedKeeperOptions {
  readonly assignment: number;
  readonly shape: Triple;
  /** What the server knew when the case was opened. */
  readonly known: Looked;
  /** False where nothing may be recorded: a read that is handed in. */
  readonly editable: boolean;
  readonly send?: typeof saveLooked;
  readonly sendAfterMs?: number;
}

export class LookedKeeper {
  readonly #options: LookedKeeperOptions;
  readonly #slices: Readonly<Record<Plane, Uint8Array>>;
  readonly #unsent = new Set<Plane>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isRefused: boolean;

  constructor(options: LookedKeeperOptions) {
    const { known, shape, editable } = options;
    const restored = (plane: Plane) => unpackLooked(known[plane] ?? '', shape[PLANE_AXIS[plane]]);
    this.#options = options;
    this.#slices = {
      axial: restored('axial'),
      sagittal: restored('sagittal'),
      coronal: restored('coronal'),
    };
    this.#isRefused = !editable;
  }

  /** A byte per slice, 1 = was on screen, now or in an earlier sitting. */
  of(plane: Plane): Uint8Array {
    return this.#slices[plane];
  }

  /** Adds what was on screen since the case was opened. */
  note(plane: Plane, looked: Uint8Array): void {
    const slices = this.#slices[plane];
    looked.forEach((is, slice) => {
      if (is !== 0 && slices[slice] === 0) {
        slices[slice] = 1;
        this.#unsent.add(plane);
      }
    });
    this.#schedule();
  }

  /** Sends what is new. Looking is no work that could be lost: what does not get through goes with the next try. */
  async flush(): Promise<void> {
    this.#cancel();
    const planes = PLANES.filter((plane) => this.#unsent.has(plane));
    if (planes.length === 0 || this.#isRefused) {
      return;
    }
    const looked = Object.fromEntries(planes.map((plane) => [plane, packLooked(this.#slices[plane])]));
    this.#unsent.clear();
    try {
      await (this.#options.send ?? saveLooked)(this.#options.assignment, looked);
    } catch (error) {
      this.#isRefused = error instanceof ApiError && [403, 404, 409].includes(error.status);
      for (const plane of planes) {
        this.#unsent.add(plane);
      }
    }
  }

  close(): void {
    this.#cancel();
    this.#isRefused = true;
  }

  #schedule(): void {
    if (this.#timer === null && this.#unsent.size > 0 && !this.#isRefused) {
      this.#timer = setTimeout(() => void this.flush(), this.#options.sendAfterMs ?? SEND_AFTER_MS);
    }
  }

  #cancel(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }
}
