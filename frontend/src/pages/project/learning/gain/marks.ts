/** Marks of curves: a band around a line, and estimates with upright whiskers. */

import type { CustomSeriesOption } from 'echarts';
import type { Palette } from '../../../../charts';

export interface BandPoint {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** The area between two bounds, behind everything else of its grid. */
export function bandAround(points: readonly BandPoint[], fill: string, grid: number): CustomSeriesOption {
  const outline = [
    ...points.map(({ x, high }) => [x, high] as const),
    ...[...points].reverse().map(({ x, low }) => [x, low] as const),
  ];
  return {
    type: 'custom',
    silent: true,
    z: 1,
    clip: true,
    xAxisIndex: grid,
    yAxisIndex: grid,
    encode: { x: 0, y: 1 },
    data: outline.length === 0 ? [] : [[...(outline[0] ?? [])]],
    renderItem: (_, api) => ({
      type: 'polygon',
      shape: { points: outline.map((point) => api.coord([...point])) },
      style: { fill },
    }),
  };
}

export interface Upright {
  readonly x: number;
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly open: string;
  readonly title: string;
}

const CAP = 4;
const RADIUS = 5;

export function uprights(points: readonly Upright[], colour: string, palette: Palette): CustomSeriesOption {
  return {
    type: 'custom',
    z: 3,
    cursor: 'pointer',
    encode: { x: 0, y: [1, 2, 3] },
    data: points.map((one) => ({
      value: [one.x, one.estimate, one.low ?? one.estimate, one.high ?? one.estimate],
      name: one.title,
      open: one.open,
    })),
    renderItem: ({ dataIndex }, api) => {
      const one = points[dataIndex];
      if (one === undefined) {
        return null;
      }
      const [x = 0, y = 0] = api.coord([one.x, one.estimate]);
      const style = { stroke: colour, lineWidth: 1.5, fill: 'none' };
      const ends = [one.low, one.high].flatMap((end) =>
        end === null ? [] : [api.coord([one.x, end])[1] ?? y],
      );
      return {
        type: 'group',
        children: [
          ...ends.flatMap((end) => [
            { type: 'line' as const, shape: { x1: x, y1: y, x2: x, y2: end }, style },
            { type: 'line' as const, shape: { x1: x - CAP, y1: end, x2: x + CAP, y2: end }, style },
          ]),
          {
            type: 'circle' as const,
            shape: { cx: x, cy: y, r: RADIUS },
            style: { fill: colour, stroke: palette.panel },
          },
        ],
      };
    },
  };
}
