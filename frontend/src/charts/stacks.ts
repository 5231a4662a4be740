/** Bars of shares, 0 to 100 %: how many of each grade, row by row. */

import type { CustomSeriesOption, CustomSeriesRenderItemReturn } from 'echarts';
import type { Palette } from './palette';

export interface Stack {
  readonly label: string;
  /** From the lowest grade; as many as the palette has grades. */
  readonly parts: readonly StackPart[];
  /** Read beside the bar. */
  readonly words: string;
}

export interface StackPart {
  readonly count: number;
  readonly title: string;
  readonly open: string;
}

const HEIGHT = 18;
const NARROWEST = 16; // a part that its figure still fits into
const FONT = '12px system-ui, sans-serif';

interface Segment extends StackPart {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly grade: number;
  /** With the last one of a row. */
  readonly words: string;
}

/** Where each part of each bar begins and ends, in per cent; parts that nobody gave are left out. */
export function segmentsOf(stacks: readonly Stack[]): readonly Segment[] {
  return stacks.flatMap(({ parts, words }, row) => {
    const all = parts.reduce((sum, part) => sum + part.count, 0);
    let before = 0;
    const found = parts.map((part, grade) => {
      const from = (100 * before) / all;
      before += part.count;
      return { ...part, row, from, to: (100 * before) / all, grade, words: '' };
    });
    const shown = found.filter((part) => part.count > 0);
    return shown.map((part, place) => (place === shown.length - 1 ? { ...part, words } : part));
  });
}

export function stacksOf(stacks: readonly Stack[], palette: Palette): CustomSeriesOption {
  const segments = segmentsOf(stacks);
  return {
    type: 'custom',
    clip: false,
    encode: { x: [0, 1], y: 2 },
    data: segments.map(({ from, to, row, title, open }) => ({ value: [from, to, row], name: title, open })),
    renderItem: ({ dataIndex }, api): CustomSeriesRenderItemReturn => {
      const one = segments[dataIndex];
      if (one === undefined) {
        return null;
      }
      const [left = 0, y = 0] = api.coord([one.from, one.row]);
      const [right = 0] = api.coord([one.to, one.row]);
      const grade = palette.grades[one.grade];
      const ink = { verticalAlign: 'middle' as const, font: FONT, y };
      return {
        type: 'group',
        children: [
          {
            type: 'rect',
            shape: { x: left, y: y - HEIGHT / 2, width: right - left, height: HEIGHT },
            style: { fill: grade?.fill ?? palette.muted, stroke: palette.panel, lineWidth: 1 },
          },
          ...(right - left < NARROWEST
            ? []
            : [
                {
                  type: 'text' as const,
                  style: {
                    ...ink,
                    x: (left + right) / 2,
                    align: 'center' as const,
                    text: String(one.count),
                    fill: grade?.ink ?? palette.text,
                  },
                },
              ]),
          ...(one.words === ''
            ? []
            : [
                {
                  type: 'text' as const,
                  silent: true,
                  style: { ...ink, x: right + 8, text: one.words, fill: palette.text },
                },
              ]),
        ],
      };
    },
  };
}

/** What the colours stand for, above the bars. */
export function stackLegend(words: readonly string[], palette: Palette): CustomSeriesOption {
  return {
    type: 'custom',
    clip: false,
    silent: true,
    data: [[0, 0]],
    renderItem: ({ coordSys }): CustomSeriesRenderItemReturn => {
      const { x = 0, width = 0 } = coordSys as unknown as { x?: number; width?: number };
      const step = (width + 140) / words.length;
      return {
        type: 'group',
        children: words.flatMap((text, place) => [
          {
            type: 'rect' as const,
            shape: { x: x + place * step, y: 6, width: 10, height: 10 },
            style: { fill: palette.grades[place]?.fill ?? palette.muted },
          },
          {
            type: 'text' as const,
            style: {
              x: x + place * step + 15,
              y: 11,
              text,
              fill: palette.muted,
              font: FONT,
              verticalAlign: 'middle' as const,
            },
          },
        ]),
      };
    },
  };
}
