import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { type ChartOption, type EChartsType, mount } from './echarts';
import { asNodes } from './hints';
import classes from './Plot.module.css';
import { DARK, LIGHT, type Palette } from './palette';

/** What fits between the margins of a sheet of paper, in CSS pixels. */
const PRINT_WIDTH = 640;

export type Draw = (palette: Palette, width: number) => ChartOption;

interface PlotProps {
  readonly draw: Draw;
  readonly height: number;
  readonly label: string;
  readonly onOpen?: ((key: string) => void) | undefined;
}

/** A chart as wide as its place; light on paper, whatever it is on screen. */
export function Plot({ draw, height, label, onOpen }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const palette = useComputedColorScheme('light') === 'dark' ? DARK : LIGHT;
  const latest = useRef({ draw, palette, height, onOpen });
  latest.current = { draw, palette, height, onOpen };

  useEffect(() => {
    const host = place.current;
    if (host === null) {
      return;
    }
    const made = mount(host, { width: Math.max(host.clientWidth, 1), height: latest.current.height });
    chart.current = made;
    made.on('click', (event) => {
      const key = openKey(event.data);
      if (key !== null) {
        // It would lie above what opens.
        made.dispatchAction({ type: 'hideTip' });
        latest.current.onOpen?.(key);
      }
    });
    pointOut(made, () => latest.current.onOpen !== undefined);
    const fit = () => show(made, latest.current, host.clientWidth);
    const watcher = new ResizeObserver(fit);
    watcher.observe(host);
    const onPaper = () => {
      watcher.disconnect();
      show(made, { ...latest.current, palette: LIGHT }, PRINT_WIDTH);
    };
    const onScreen = () => watcher.observe(host);
    window.addEventListener('beforeprint', onPaper);
    window.addEventListener('afterprint', onScreen);
    return () => {
      window.removeEventListener('beforeprint', onPaper);
      window.removeEventListener('afterprint', onScreen);
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (chart.current !== null && place.current !== null) {
      show(chart.current, { draw, palette, height }, place.current.clientWidth);
    }
  }, [draw, palette, height]);

  return <div ref={place} className={classes.plot} style={{ height }} role="img" aria-label={label} />;
}

/** A hand above marks that open something, and there alone: ECharts has one above every line and bar. */
function pointOut(chart: EChartsType, canOpen: () => boolean): void {
  const surface = chart.getZr();
  // The chart's own handlers are called after those of its surface.
  surface.on('mousemove', () => surface.setCursorStyle('default'));
  chart.on('mousemove', (event) => {
    if (canOpen() && openKey(event.data) !== null) {
      surface.setCursorStyle('pointer');
    }
  });
}

interface Shown {
  readonly draw: Draw;
  readonly palette: Palette;
  readonly height: number;
}

function show(chart: EChartsType, { draw, palette, height }: Shown, width: number): void {
  if (width > 0) {
    chart.resize({ width, height });
    chart.setOption(complete(draw(palette, width), palette), { notMerge: true });
  }
}

/** What all charts have in common. */
export function complete(option: ChartOption, palette: Palette): ChartOption {
  const { tooltip } = option;
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { color: palette.text, fontFamily: 'system-ui, sans-serif', fontSize: 12 },
    ...option,
    ...(tooltip === undefined || Array.isArray(tooltip)
      ? {}
      : { tooltip: { ...HINT, ...hintColours(palette), ...asNodes(tooltip) } }),
  };
}

/** Within the chart, which cuts off what reaches beyond it, and in lines that fit into it. */
const HINT = { confine: true, extraCssText: 'max-width: 100%; white-space: normal;' } as const;

function hintColours({ panel, line, text }: Palette) {
  return { backgroundColor: panel, borderColor: line, textStyle: { color: text, fontSize: 12 } };
}

/** Marks that open something carry `open` beside their value. */
function openKey(data: unknown): string | null {
  if (typeof data === 'object' && data !== null && 'open' in data && typeof data.open === 'string') {
    return data.open;
  }
  return null;
}
