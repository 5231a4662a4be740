/** Directions and distances in millimetres along the array's axes. */
import type { Triple } from '../../voxels';

export function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function times([x, y, z]: Triple, by: number): Triple {
  return [x * by, y * by, z * by];
}

export function opposite(vector: Triple): Triple {
  return times(vector, -1);
}
