/** What an operation on a whole structure, or on several, gets and gives. Pure: it runs in a worker. */
import type { Box } from '../box';
import type { StructureRef } from '../editMask';
import type { Triple } from '../geometry';

/** A box cut out of the scan and its mask, i fastest. */
export interface Region extends Box {
  readonly spacing_mm: Triple;
  /** One array per layer. */
  readonly labels: readonly Uint8Array[];
  /** Null where the operation did not ask for the image. */
  readonly hu: Int16Array | null;
}

export interface Context {
  /** How much is done, 0 to 1. */
  report(share: number): void;
}

/** The values that the voxels of the region should have; only layers that change. */
export interface Proposal {
  readonly changes: readonly { readonly layer: number; readonly values: Uint8Array }[];
  /** A sentence for the reader: what the changes do; without any, why there is nothing to do. */
  readonly note?: string;
}

/** What is known of the whole scan before anything is cut out. */
export interface About {
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  /** Box of all voxels of the structures, null where they have none. */
  boundingBox(structures: readonly StructureRef[]): Box | null;
}

export interface Need {
  /** Null: there is nothing to work on. */
  readonly box: Box | null;
  readonly hu: boolean;
}

/** Both throw OperationRefused with a sentence for the reader. */
export interface Operation<P> {
  /** The smallest box that the operation has to see. */
  needs(params: P, about: About): Need;
  run(region: Region, params: P, context: Context): Proposal;
}

/** The operation cannot be done; the message says why and what to do. */
export class OperationRefused extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'OperationRefused';
  }
}
