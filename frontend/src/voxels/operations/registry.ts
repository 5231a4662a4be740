/** Every operation by its name. */
import { margin } from './margin';
import type { Operation } from './operation';

export const OPERATIONS = { margin };

export type OperationName = keyof typeof OPERATIONS;

export type OperationParams = {
  [N in OperationName]: (typeof OPERATIONS)[N] extends Operation<infer P> ? P : never;
};
