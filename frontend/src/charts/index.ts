/** Charts: the frame, what is drawn in it, its colours. */

export { ChartFrame, type ChartFrameProps } from './ChartFrame';
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
