export { type ProposedChange, type ProposedEdit, StaleEdit } from './apply';
export { countSlices, type SliceCounts, VoxelCounts } from './counts';
export { EditEngine, type EngineOptions } from './editEngine';
export type { EditImage, HuLimits } from './filter';
export { UNDO_BYTES } from './history';
export type { StrokeRecord, StructureEvent } from './record';
export type { Span, StrokeTarget } from './stroke';
export { EDIT_TOOLS, type EditTool } from './tools';
export { warmUp } from './warmUp';
