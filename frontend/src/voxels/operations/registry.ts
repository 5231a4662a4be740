/** Every operation by its name. */
import { floodFill } from './floodFill';
import { grow } from './grow';
import { hollow } from './hollow';
import { interpolate } from './interpolate';
import { islands } from './islands';
import { logical } from './logical';
import { margin } from './margin';
import type { Operation } from './operation';
import { pasteSlice } from './pasteSlice';
import { relabel } from './relabel';
import { smooth } from './smooth';
import { swapSides } from './swapSides';
import { threshold } from './threshold';

export const OPERATIONS = {
  threshold,
  grow,
  flood_fill: floodFill,
  interpolate,
  islands,
  smooth,
  margin,
  hollow,
  logical,
  paste_slice: pasteSlice,
  relabel,
  swap_sides: swapSides,
};

export type OperationName = keyof typeof OPERATIONS;

export type OperationParams = {
  [N in OperationName]: (typeof OPERATIONS)[N] extends Operation<infer P> ? P : never;
};
