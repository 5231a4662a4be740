export { type Box, boxBetween, boxOf, boxVoxels, grown, intersection, joined, lastOf, union } from './box';
export { CHUNK_RECORD_BYTES, decodeMaskChunks } from './chunks';
export { ADDED, changeOf, diffMasks, REMOVED, requireSameGrid, type SliceDifference } from './diff';
export { type EditMask, NO_MASK, type StructureRef } from './editMask';
export {
  applyEdits,
  decodeEdits,
  encodeEdits,
  mergeEdits,
  mergeSteps,
  partsOf,
  type SliceRuns,
} from './edits';
export {
  countSlices,
  EDIT_TOOLS,
  EditEngine,
  type EditImage,
  type EditTool,
  type EngineOptions,
  type HuLimits,
  type ProposedChange,
  type ProposedEdit,
  type SliceCounts,
  type Span,
  StaleEdit,
  type StrokeRecord,
  type StrokeTarget,
  type StructureEvent,
  VoxelCounts,
  warmUp,
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
export type { HollowParams } from './operations/hollow';
export type { InterpolateParams } from './operations/interpolate';
export { ISLAND_ACTIONS, type IslandsParams } from './operations/islands';
export { type LevelTrace, levelTrace } from './operations/levelTracing';
export type { LogicalParams } from './operations/logical';
export type { MarginParams } from './operations/margin';
export {
  type About,
  type Context,
  type Need,
  type Operation,
  OperationRefused,
  type Proposal,
  type Region,
} from './operations/operation';
export type { PasteParams } from './operations/pasteSlice';
export { OPERATIONS, type OperationName, type OperationParams } from './operations/registry';
export type { RelabelParams } from './operations/relabel';
export type { SmoothParams } from './operations/smooth';
export type { SwapParams } from './operations/swapSides';
export type { ThresholdParams } from './operations/threshold';
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
export { encodeRowEdits, MOST_ROW_RUNS } from './rowEdits';
export { readSlice, sliceSize } from './slice';
export { SURFACE_OPTIONS, type Surface, type SurfaceOptions, surfaceInLps, surfaceOf } from './surface';
export type { OnSpan, Stamp } from './sweep';
