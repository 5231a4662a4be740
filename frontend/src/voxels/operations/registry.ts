/** Every operation by its name. */
import { floodFill } from './floodFill';
import { grow } from './grow';
import { interpolate } from './interpolate';
import { margin } from './margin';
import type { Operation } from './operation';

export const OPERATIONS = { margin, grow, interpolate, flood_fill: floodFill };

export type OperationName = keyof typeof OPERATIONS;

export type OperationParams = {
  [N in OperationName]: (typeof OPERATIONS)[N] extends Operation<infer P> ? P : never;
};
