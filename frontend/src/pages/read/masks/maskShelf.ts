/** Masks that were fetched to be looked at. Tens of megabytes each: only the last few are kept. */

import type { Assignment } from '../../../api';
import type { LabelMap } from '../../../voxels';
import { maskOf, type Source, sourceKey } from '../compare/sources';
import type { OpenedCase } from '../openCase';
import { readMask } from './readMask';

const KEPT = 2;

export class MaskShelf {
  readonly #opened: Pick<OpenedCase, 'assignment' | 'mask' | 'prediction'>;
  readonly #read: typeof readMask;
  readonly #kept = new Map<string, Promise<LabelMap>>();

  constructor(
    opened: Pick<OpenedCase, 'assignment' | 'mask' | 'prediction'>,
    read: typeof readMask = readMask,
  ) {
    this.#opened = opened;
    this.#read = read;
  }

  /** The own mask is the very one that is drawn on; all others are only to be looked at. */
  get(source: Source): Promise<LabelMap> {
    const { mask, prediction } = this.#opened;
    if (source.kind === 'mine') {
      return Promise.resolve(mask);
    }
    return source.kind === 'prediction' && prediction !== null
      ? Promise.resolve(prediction)
      : this.#fetched(source, this.#opened.assignment);
  }

  #fetched(source: Source, assignment: Assignment): Promise<LabelMap> {
    const key = sourceKey(source);
    const ref = maskOf(source, assignment);
    if (ref === null) {
      return Promise.reject(new Error('There is no such mask in this case.'));
    }
    const found = this.#kept.get(key) ?? this.#read(ref, assignment);
    this.#kept.delete(key);
    this.#kept.set(key, found);
    // What could not be fetched is asked for again next time.
    found.catch(() => this.#kept.delete(key));
    for (const old of [...this.#kept.keys()].slice(0, -KEPT)) {
      this.#kept.delete(old);
    }
    return found;
  }
}
