import type { ChartOption } from './echarts';

type Tooltip = Extract<ChartOption['tooltip'], { formatter?: unknown }>;

/** What ECharts says of one mark below the pointer, as far as it is used here. */
interface Hovered {
  readonly name?: string;
  readonly axisValueLabel?: string;
  readonly seriesName?: string;
  readonly color?: unknown;
  readonly value?: unknown;
}

/** Hints made of nodes: names are text whatever stands in them, and styles need no markup. */
export function asNodes(tooltip: Tooltip): Tooltip {
  const { formatter, valueFormatter, ...others } = tooltip;
  return {
    ...others,
    formatter: (given: unknown, ...rest: unknown[]) => {
      if (typeof formatter !== 'function') {
        return listed(given, valueFormatter as ((value: unknown) => string) | undefined);
      }
      const said: unknown = Reflect.apply(formatter, undefined, [given, ...rest]);
      return typeof said === 'string' && said !== '' ? element('span', said) : '';
    },
  };
}

/** Where along the axis, and beneath it what every line says there. */
function listed(given: unknown, format: (value: unknown) => string = String): HTMLElement[] {
  const marks = (Array.isArray(given) ? given : [given]) as readonly Hovered[];
  const rows = marks.map(({ seriesName, color, value }) => {
    const row = element('div', '');
    const dot = element('span', '●');
    if (typeof color === 'string') {
      dot.style.color = color;
    }
    row.append(
      dot,
      ` ${seriesName ?? ''} `,
      element('b', format(Array.isArray(value) ? value.at(-1) : value)),
    );
    return row;
  });
  return [element('div', marks[0]?.axisValueLabel ?? marks[0]?.name ?? ''), ...rows];
}

function element(tag: 'b' | 'div' | 'span', text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
