export { type Box, boxBetween, boxOf, boxVoxels, grown, intersection, lastOf, union } from './box';
export { CHUNK_RECORD_BYTES, decodeMaskChunks } from './chunks';
export { ADDED, changeOf, diffMasks, REMOVED, requireSameGrid, type SliceDifference } from './diff';
export { type EditMask, NO_MASK, type StructureRef } from './editMask';
export { applyEdits, decodeEdits, encodeEdits, mergeEdits, type SliceRuns } from './edits';
export {
  EDIT_TOOLS,
  type EditBox,
  EditEngine,
  type EditImage,
  type EditTool,
  type EngineOptions,
  type HuLimits,
  type ProposedChange,
  type ProposedEdit,
  type Span,
  StaleEdit,
  type StrokeRecord,
  type StrokeTarget,
  type StructureEvent,
} from './engine';
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
export type { FloodParams } from './operations/floodFill';
export type { GrowParams } from './operations/grow';
export type { InterpolateParams } from './operations/interpolate';
export { type LevelTrace, levelTrace } from './operations/levelTracing';
export {
  type About,
  type Context,
  type Need,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operations/operation';
export { OPERATIONS, type OperationName, type OperationParams } from './operations/registry';
export {
  type FillRule,
  type Outline,
  outlineRows,
  type Ring,
  rowsOf,
  type SliceGrid,
  type SlicePoint,
} from './polygon';
export { type Cut, cutSpans, type Reach, rowSpans, sliceGrid, slicePoint, sliceReach } from './polygonSpans';
export { readSlice, sliceSize } from './slice';
export type { OnSpan, Stamp } from './sweep';
