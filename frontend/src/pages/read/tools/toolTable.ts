/** Every tool of the column once: its name, icon, key, and what the pointer does while it is chosen. */
import {
  IconAngle,
  IconArrowsMaximize,
  IconBrush,
  IconBucketDroplet,
  IconChartHistogram,
  IconCircleDot,
  IconCirclesRelation,
  IconColorPicker,
  IconContrast,
  IconCopy,
  IconCrosshair,
  IconEraser,
  IconFeather,
  IconHandStop,
  IconHighlight,
  IconLassoPolygon,
  IconOvalVertical,
  IconPlant2,
  IconPointerQuestion,
  IconRoute,
  IconRubberStamp,
  IconRuler2,
  IconRulerMeasure,
  IconScissors,
  IconStack2,
  IconSwitchHorizontal,
  IconTransform,
  IconZoomIn,
  type TablerIcon,
} from '@tabler/icons-react';
import type { PointerTool } from '../../../viewer';

/** Tools whose work is done by a panel of the side column, on a whole structure. */
export const PANEL_TOOLS = [
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
] as const;

export type PanelTool = (typeof PANEL_TOOLS)[number];
export type ToolId = PointerTool | PanelTool;
export type ToolGroup = 'draw' | 'structure' | 'look';

export interface Tool {
  readonly id: ToolId;
  readonly group: ToolGroup;
  readonly name: string;
  /** What it does, for the overview of keys and the side column. */
  readonly words: string;
  readonly icon: TablerIcon;
  readonly key: string;
  /** What the pointer does in a plane. */
  readonly pointer: PointerTool;
  readonly edits: boolean;
}

type Draft = Omit<Tool, 'group' | 'pointer' | 'edits'>;

const DRAW: readonly (Draft & { readonly id: PointerTool })[] = [
  { id: 'brush', key: 'b', name: 'Brush', words: 'Paints the active structure.', icon: IconBrush },
  { id: 'eraser', key: 'e', name: 'Eraser', words: 'Takes the active structure away.', icon: IconEraser },
  {
    id: 'threshold_brush',
    key: 'v',
    name: 'Threshold brush',
    words: 'Paints only voxels within a range of HU.',
    icon: IconHighlight,
  },
  {
    id: 'accept_brush',
    key: 'p',
    name: 'Accept prediction',
    words: 'Gives the active structure back what the model drew.',
    icon: IconRubberStamp,
  },
  {
    id: 'draw',
    key: 'd',
    name: 'Draw',
    words: 'Fills the outline you draw; let go to close it.',
    icon: IconLassoPolygon,
  },
  {
    id: 'scissors',
    key: 's',
    name: 'Scissors',
    words: 'Cuts or fills inside or outside a shape.',
    icon: IconScissors,
  },
  {
    id: 'level_tracing',
    key: 'l',
    name: 'Level tracing',
    words: 'Follows the edge of equal brightness below the pointer; click to fill.',
    icon: IconRoute,
  },
  {
    id: 'flood_fill',
    key: 'f',
    name: 'Flood fill',
    words: 'Fills what is as bright as where you click, and connected.',
    icon: IconBucketDroplet,
  },
];

const STRUCTURE: readonly (Draft & { readonly id: PanelTool; readonly pointer: PointerTool })[] = [
  {
    id: 'threshold',
    key: 't',
    name: 'Threshold',
    words: 'Fills everything within a range of HU.',
    icon: IconChartHistogram,
    pointer: 'pick',
  },
  {
    id: 'grow',
    key: 'g',
    name: 'Grow from seeds',
    words: 'Paint a little of several structures; they grow until they meet.',
    icon: IconPlant2,
    pointer: 'brush',
  },
  {
    id: 'interpolate',
    key: 'i',
    name: 'Fill between slices',
    words: 'Draw every few slices; the ones between are interpolated.',
    icon: IconStack2,
    pointer: 'brush',
  },
  {
    id: 'islands',
    key: 'k',
    name: 'Islands',
    words: 'Keeps, removes or splits parts that are not connected.',
    icon: IconCirclesRelation,
    pointer: 'crosshair',
  },
  {
    id: 'smooth',
    key: 'o',
    name: 'Smooth',
    words: 'Rounds off steps, closes gaps, removes spikes.',
    icon: IconFeather,
    pointer: 'crosshair',
  },
  {
    id: 'margin',
    key: 'm',
    name: 'Margin',
    words: 'Grows or shrinks by millimetres.',
    icon: IconArrowsMaximize,
    pointer: 'crosshair',
  },
  {
    id: 'hollow',
    key: 'shift+m',
    name: 'Hollow',
    words: 'Leaves a shell of some millimetres.',
    icon: IconCircleDot,
    pointer: 'crosshair',
  },
  {
    id: 'logical',
    key: 'u',
    name: 'Logical',
    words: 'Adds, subtracts or intersects structures.',
    icon: IconTransform,
    pointer: 'crosshair',
  },
  {
    id: 'paste_slice',
    key: 'shift+d',
    name: 'Copy a slice',
    words: 'Takes the active structure over from the slice before or after.',
    icon: IconCopy,
    pointer: 'brush',
  },
  {
    id: 'relabel',
    key: 'shift+r',
    name: 'Relabel',
    words: 'Gives a part to another structure, or swaps left and right.',
    icon: IconSwitchHorizontal,
    pointer: 'crosshair',
  },
];

const LOOK: readonly (Draft & { readonly id: PointerTool })[] = [
  {
    id: 'crosshair',
    key: 'h',
    name: 'Crosshair',
    words: 'A click moves the other planes there; Shift-drag turns all planes about it.',
    icon: IconCrosshair,
  },
  {
    id: 'window',
    key: 'w',
    name: 'Window and level',
    words: 'Drag: across for width, down for level. The right button does it with any tool.',
    icon: IconContrast,
  },
  {
    id: 'pan',
    key: 'shift+p',
    name: 'Pan',
    words: 'Drag the image. The middle button does it with any tool.',
    icon: IconHandStop,
  },
  {
    id: 'zoom',
    key: 'shift+w',
    name: 'Zoom',
    words: 'Drag up and down. Ctrl-wheel does it with any tool.',
    icon: IconZoomIn,
  },
  {
    id: 'pick',
    key: 'shift+v',
    name: 'Pick a sample',
    words: 'Takes the HU below the pointer for threshold tools.',
    icon: IconColorPicker,
  },
  {
    id: 'probe',
    key: 'shift+i',
    name: 'Probe',
    words: 'Says HU, structure and place at a point.',
    icon: IconPointerQuestion,
  },
  {
    id: 'length',
    key: 'shift+l',
    name: 'Length',
    words: 'Measures a line in millimetres.',
    icon: IconRuler2,
  },
  {
    id: 'bidirectional',
    key: 'shift+b',
    name: 'Long and short axis',
    words: 'Measures the long axis and the longest one across it.',
    icon: IconRulerMeasure,
  },
  {
    id: 'angle',
    key: 'shift+e',
    name: 'Angle',
    words: 'Measures between two arms: drag the first, then click where the second ends.',
    icon: IconAngle,
  },
  {
    id: 'ellipse',
    key: 'alt+r',
    name: 'Ellipse (ROI)',
    words:
      'Measures area and HU in an ellipse: drag it up, then pull an end to stretch or turn it, its middle to move it.',
    icon: IconOvalVertical,
  },
];

export const TOOLS: readonly Tool[] = [
  ...DRAW.map((tool): Tool => ({ ...tool, group: 'draw', pointer: tool.id, edits: true })),
  ...STRUCTURE.map((tool): Tool => ({ ...tool, group: 'structure', edits: true })),
  ...LOOK.map((tool): Tool => ({ ...tool, group: 'look', pointer: tool.id, edits: false })),
];

const BY_ID = new Map(TOOLS.map((tool) => [tool.id, tool]));

export function toolOf(id: ToolId): Tool {
  const tool = BY_ID.get(id);
  if (tool === undefined) {
    throw new Error(`There is no tool called ${id}.`);
  }
  return tool;
}

/** Tools that paint with the brush: its size matters. */
export function hasBrush(id: ToolId): boolean {
  const { pointer } = toolOf(id);
  return ['brush', 'eraser', 'threshold_brush', 'accept_brush'].includes(pointer);
}
