/** Marks that several charts share: estimates with their intervals, bands behind them, axes. */

import type {
  CustomSeriesOption,
  CustomSeriesRenderItemAPI,
  CustomSeriesRenderItemReturn,
  XAXisComponentOption,
  YAXisComponentOption,
} from 'echarts';
import type { Palette } from './palette';

export interface Interval {
  /** Its place on the axis of names, from 0. */
  readonly row: number;
  readonly estimate: number;
  /** Null = not known: then no whisker is drawn on that side. */
  readonly low: number | null;
  readonly high: number | null;
  readonly colour: string;
  readonly isDiamond?: boolean;
  readonly open?: string;
  /** Read beside the mark. */
  readonly words?: string;
  readonly title: string;
}

export interface Band {
  readonly low: number;
  readonly high: number;
  /** The rows that it lies behind, both included. */
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  readonly title: string;
}

const RADIUS = 4.5;
const CAP = 3.5;

/** Estimates as dots (models as diamonds) with whiskers; `isFlat` = the number axis lies horizontally. */
export function intervalsOf(intervals: readonly Interval[], palette: Palette): CustomSeriesOption {
  return {
    type: 'custom',
    z: 3,
    // What is read beside a mark may reach into the margin.
    clip: false,
    cursor: intervals.some(({ open }) => open !== undefined) ? 'pointer' : 'default',
    encode: { x: [0, 2, 3], y: 1 },
    data: intervals.map((one) => ({
      value: [one.estimate, one.row, one.low ?? one.estimate, one.high ?? one.estimate],
      name: one.title,
      ...(one.open === undefined ? {} : { open: one.open }),
    })),
    renderItem: ({ dataIndex }, api) => whisker(api, intervals[dataIndex], palette),
  };
}

function whisker(
  api: CustomSeriesRenderItemAPI,
  one: Interval | undefined,
  palette: Palette,
): CustomSeriesRenderItemReturn {
  if (one === undefined) {
    return null;
  }
  const [x = 0, y = 0] = api.coord([one.estimate, one.row]);
  const [low = x] = api.coord([one.low ?? one.estimate, one.row]);
  const [high = x] = api.coord([one.high ?? one.estimate, one.row]);
  const stroke = { stroke: one.colour, lineWidth: 1.5, fill: 'none' };
  return {
    type: 'group',
    children: [
      {
        type: 'rect',
        shape: { x: low - 4, y: y - 7, width: high - low + 8, height: 14 },
        style: { fill: 'transparent' },
      },
      { type: 'line', shape: { x1: low, y1: y, x2: high, y2: y }, style: stroke },
      ...(one.low === null ? [] : [cap(low, y, stroke)]),
      ...(one.high === null ? [] : [cap(high, y, stroke)]),
      one.isDiamond === true ? diamond(x, y, one.colour) : dot(x, y, one.colour),
      ...(one.words === undefined
        ? []
        : [
            {
              type: 'text' as const,
              style: {
                x: high + 8,
                y,
                text: one.words,
                fill: palette.text,
                font: '12px system-ui, sans-serif',
                verticalAlign: 'middle' as const,
              },
            },
          ]),
    ],
  };
}

function cap(x: number, y: number, style: object) {
  return { type: 'line' as const, shape: { x1: x, y1: y - CAP, x2: x, y2: y + CAP }, style };
}

function dot(x: number, y: number, fill: string) {
  return { type: 'circle' as const, shape: { cx: x, cy: y, r: RADIUS }, style: { fill } };
}

function diamond(x: number, y: number, fill: string) {
  const r = RADIUS + 1.5;
  const points = [
    [x, y - r],
    [x + r, y],
    [x, y + r],
    [x - r, y],
  ];
  return { type: 'polygon' as const, shape: { points }, style: { fill } };
}

/** Ranges of the number axis, shaded behind some rows. */
export function bandsOf(bands: readonly Band[]): CustomSeriesOption {
  return {
    type: 'custom',
    z: 1,
    clip: true,
    encode: { x: [0, 1], y: [2, 3] },
    data: bands.map((band) => ({ value: [band.low, band.high, band.from, band.to], name: band.title })),
    renderItem: ({ dataIndex }, api) => shade(api, bands[dataIndex]),
  };
}

function shade(api: CustomSeriesRenderItemAPI, band: Band | undefined): CustomSeriesRenderItemReturn {
  if (band === undefined) {
    return null;
  }
  const step = sizeOf(api);
  const [left = 0, top = 0] = api.coord([band.low, band.from]);
  const [right = 0, bottom = 0] = api.coord([band.high, band.to]);
  // A single published figure is a line, not a range.
  const width = Math.max(right - left, 2);
  const y = Math.min(top, bottom) - step / 2;
  const height = Math.abs(bottom - top) + step;
  return { type: 'rect', shape: { x: left, y, width, height }, style: { fill: band.colour } };
}

function sizeOf(api: CustomSeriesRenderItemAPI): number {
  const size = api.size?.([0, 1]);
  return Math.abs(Array.isArray(size) ? (size[1] ?? 0) : 0);
}

export function numberAxis(
  palette: Palette,
  given: {
    name: string;
    min?: number;
    max?: number;
    format?: (value: number) => string;
    /** Ends that are no round figures would be written over those beside them. */
    hasRoundEnds?: boolean;
  },
): XAXisComponentOption & YAXisComponentOption {
  const { name, min, max, format, hasRoundEnds = true } = given;
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { color: palette.muted, fontSize: 12 },
    scale: true,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    axisLabel: {
      color: palette.muted,
      hideOverlap: true,
      ...(hasRoundEnds ? {} : { showMinLabel: false, showMaxLabel: false }),
      ...(format === undefined ? {} : { formatter: format }),
    },
    splitLine: { lineStyle: { color: palette.line } },
  };
}

/** Names from the top down. */
export function nameAxis(palette: Palette, names: readonly string[]): YAXisComponentOption {
  return {
    type: 'category',
    data: [...names],
    inverse: true,
    axisLabel: { color: palette.text, interval: 0 },
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: false },
  };
}

export interface Cell {
  readonly column: number;
  readonly row: number;
  readonly words: readonly string[];
  /** 0 to 1: how dark. */
  readonly shade: number;
  readonly open?: string;
  readonly title: string;
}

/** A matrix: one rectangle for each cell, darker for more, with its figure in it. */
export function cellsOf(cells: readonly Cell[], palette: Palette): CustomSeriesOption {
  return {
    type: 'custom',
    encode: { x: 0, y: 1 },
    data: cells.map(({ column, row, open, title }) => ({
      value: [column, row],
      name: title,
      ...(open === undefined ? {} : { open }),
    })),
    renderItem: ({ dataIndex }, api) => cell(api, cells[dataIndex], palette),
  };
}

function cell(
  api: CustomSeriesRenderItemAPI,
  one: Cell | undefined,
  palette: Palette,
): CustomSeriesRenderItemReturn {
  if (one === undefined) {
    return null;
  }
  const [x = 0, y = 0] = api.coord([one.column, one.row]);
  const size = api.size?.([1, 1]);
  const [width = 0, height = 0] = Array.isArray(size) ? size : [];
  const text = { fill: palette.text, align: 'center' as const, verticalAlign: 'middle' as const };
  return {
    type: 'group',
    children: [
      {
        type: 'rect',
        shape: { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2, r: 3 },
        style: { fill: palette.accent, opacity: 0.06 + 0.5 * one.shade },
      },
      ...one.words.map((words, line) => ({
        type: 'text' as const,
        style: {
          ...text,
          x,
          y: y + (line - (one.words.length - 1) / 2) * 14,
          text: words,
          font: `${line === 0 ? 13 : 11}px system-ui, sans-serif`,
        },
      })),
    ],
  };
}
