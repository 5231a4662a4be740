/** Options of each tool; a tool without an entry has none but its words. */
import type { ReactNode } from 'react';
import type { ToolId } from '../toolTable';
import { BrushPanel, RangePanel, ThresholdBrushPanel } from './BrushPanel';
import { GrowPanel, InterpolatePanel, ThresholdPanel } from './FillPanels';
import { HollowPanel, MarginPanel, SmoothPanel } from './FormPanels';
import { Measurements } from './Measurements';
import { PastePanel, RelabelPanel } from './MovePanels';
import { IslandsPanel, LogicalPanel } from './PartPanels';
import { ProbePanel } from './ProbePanel';
import { FloodPanel, ScissorsPanel } from './ShapePanels';

export const PANELS: Readonly<Partial<Record<ToolId, () => ReactNode>>> = {
  brush: BrushPanel,
  eraser: BrushPanel,
  accept_brush: BrushPanel,
  threshold_brush: ThresholdBrushPanel,
  scissors: ScissorsPanel,
  flood_fill: FloodPanel,
  threshold: ThresholdPanel,
  grow: GrowPanel,
  interpolate: InterpolatePanel,
  islands: IslandsPanel,
  smooth: SmoothPanel,
  margin: MarginPanel,
  hollow: HollowPanel,
  logical: LogicalPanel,
  paste_slice: PastePanel,
  relabel: RelabelPanel,
  pick: RangePanel,
  probe: ProbePanel,
  length: Measurements,
  bidirectional: Measurements,
  angle: Measurements,
  ellipse: Measurements,
};
