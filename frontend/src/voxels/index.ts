export { CHUNK_RECORD_BYTES, decodeMaskChunks } from './chunks';
export { ADDED, changeOf, diffMasks, REMOVED, requireSameGrid, type SliceDifference } from './diff';
export { applyEdits, decodeEdits, encodeEdits, mergeEdits, type SliceRuns } from './edits';
export { type EditBox, EditEngine, type EditTool, type StrokeRecord, type StrokeTarget } from './engine';
export {
  type Geometry,
  type Ijk,
  ijk,
  indexToLps,
  type Lps,
  lps,
  lpsToIndex,
  nearestVoxel,
  PLANE_AXIS,
  PLANES,
  type Plane,
  type Triple,
} from './geometry';
export { BACKGROUND, IGNORE, isStructure, LabelMap, type LayerSlices } from './labelMap';
export { readSlice, sliceSize } from './slice';
export type { Stamp } from './sweep';
