/** What the engine tells about a step that was made, undone or redone. */
import type { Box } from '../box';
import type { SliceRuns } from '../edits';
import type { EditStep } from './step';
import type { EditTool } from './tools';

/** What one tool did to one structure: a line in the record of work. */
export interface StructureEvent {
  readonly tool: EditTool;
  readonly layer: number;
  readonly structure: number;
  /** Voxels that now belong to the structure and before did not. */
  readonly added: number;
  /** Voxels that before belonged to the structure and now do not. */
  readonly removed: number;
}

export interface StrokeRecord {
  /** `undo` and `redo` for those; `of` then says what was undone. */
  readonly tool: EditTool;
  readonly of: EditTool;
  /** The same for a step, its undo and its redo. */
  readonly step: object;
  readonly layer: number;
  readonly structure: number;
  /** What changed. */
  readonly delta: readonly SliceRuns[];
  /** Give it to the save queue: what changed, and what beside it holds the value already and takes no bytes. */
  readonly sent: readonly SliceRuns[];
  /** Voxels that now belong to a structure and before did not, or to another. */
  readonly added: number;
  /** Voxels that before belonged to a structure and now do not, or to another. */
  readonly removed: number;
  /** Around all that changed. */
  readonly box: Box;
  /** One for each structure that gained or lost. */
  readonly events: readonly StructureEvent[];
}

/** The step as it was made, or the other way round. */
export function recordOf(
  step: EditStep,
  tool: EditTool,
  way: 'forwards' | 'backwards',
  sent: readonly SliceRuns[] | null = null,
): StrokeRecord {
  const delta = way === 'forwards' ? step.after : step.before;
  const events = step.changes.map(({ layer, structure, added, removed }) =>
    way === 'forwards'
      ? { tool, layer, structure, added, removed }
      : { tool, layer, structure, added: removed, removed: added },
  );
  return {
    tool,
    of: step.tool,
    step,
    layer: step.target.layer,
    structure: step.target.value,
    delta,
    sent: sent ?? delta,
    added: events.reduce((sum, event) => sum + event.added, 0),
    removed: events.reduce((sum, event) => sum + event.removed, 0),
    box: step.box,
    events,
  };
}
