/** What the reader chose in the panels of operations; kept from tool to tool and case to case. */
import { create } from 'zustand';
import type { HollowParams, InterpolateParams, LogicalParams, SmoothParams } from '../../../../voxels';

export type IslandsAction = 'keep_largest' | 'remove_small' | 'split' | 'keep_at' | 'remove_at';

export interface PanelSettings {
  readonly growMargin_mm: number;
  readonly growLocality: number;
  readonly growBackground: boolean;
  readonly interpolatePlane: InterpolateParams['plane'];
  readonly islands: IslandsAction;
  readonly islandsLeast_ml: number;
  /** Where nobody knows how large a voxel is. */
  readonly islandsLeast_voxels: number;
  readonly smooth: SmoothParams['method'];
  readonly smoothRadius_mm: number;
  readonly margin_mm: number;
  readonly shell_mm: number;
  readonly shellSide: HollowParams['side'];
  readonly logical: LogicalParams['action'];
}

const FIRST: PanelSettings = {
  growMargin_mm: 15,
  growLocality: 2,
  growBackground: true,
  interpolatePlane: 'auto',
  islands: 'keep_largest',
  islandsLeast_ml: 1,
  islandsLeast_voxels: 1000,
  smooth: 'median',
  smoothRadius_mm: 3,
  margin_mm: 3,
  shell_mm: 3,
  shellSide: 'inside',
  logical: 'subtract',
};

export const useSettings = create(() => FIRST);

export function setSettings(change: Partial<PanelSettings>): void {
  useSettings.setState(change);
}
