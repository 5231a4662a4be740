/** What an edit is called in the record of work; the server knows the same names. */
export const EDIT_TOOLS = [
  'brush',
  'eraser',
  'threshold_brush',
  'accept_brush',
  'draw',
  'scissors',
  'level_tracing',
  'flood_fill',
  'threshold',
  'grow',
  'interpolate',
  'islands',
  'smooth',
  'margin',
  'hollow',
  'logical',
  'paste_slice',
  'relabel',
  'swap_sides',
  'undo',
  'redo',
  'restore',
] as const;

export type EditTool = (typeof EDIT_TOOLS)[number];
