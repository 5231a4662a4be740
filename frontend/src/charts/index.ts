/** Charts: the frame, what is drawn in it, its colours. */

export { ChartFrame, type ChartFrameProps, type Piece } from './ChartFrame';
export type { TableBehind, TableRow } from './ChartTable';
export type { ChartOption } from './echarts';
export {
  type Band,
  bandsOf,
  type Cell,
  cellsOf,
  type Interval,
  intervalsOf,
  nameAxis,
  numberAxis,
} from './marks';
export type { Draw } from './Plot';
export type { Palette } from './palette';
export { spread } from './spread';
export { type Stack, stackLegend, stacksOf } from './stacks';
