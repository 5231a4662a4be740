import { SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../../api';
import { ChartFrame, type Draw, intervalsOf, nameAxis, numberAxis } from '../../../../charts';
import { inThousands } from '../../../words';
import { casesKey } from '../../behind/CasesBehind';
import { type GainChartProps, interval } from './figures';

type Row = DashboardRows['arms'];

interface Quantity {
  readonly label: string;
  readonly axis: string;
  readonly write: (value: number) => string;
}

const MINUTES: Quantity = {
  label: 'minutes',
  axis: 'active minutes per case, reviews too',
  write: (value) => value.toFixed(1),
};
const QUANTITIES: Readonly<Record<string, Quantity>> = {
  prediction_dice: {
    label: 'prediction',
    axis: 'Dice of the prediction against what was accepted',
    write: (value) => value.toFixed(3),
  },
  active_min: MINUTES,
  moved_share: {
    label: 'surface',
    axis: 'share of the surface moved',
    write: (value) => value.toFixed(3),
  },
  changed_voxels: {
    label: 'voxels',
    axis: 'voxels changed',
    write: (value) => inThousands(value.toFixed(0)),
  },
};
const ARMS: Readonly<Record<string, string>> = {
  strategy: 'chosen by the strategy',
  control: 'drawn as a control',
  cold_start: 'before there was a model',
};
const NONE: readonly Row[] = [];

/** A strategy earns its name where its cases teach more than those drawn by lot, for what they cost. */
export function ArmsChart({ project, onOpen }: GainChartProps) {
  const found = useRows(project.id, 'arms');
  const [chosen, setChosen] = useState('prediction_dice');
  const quantity = QUANTITIES[chosen] ?? MINUTES;
  const all = useMemo(
    () => (found.data ?? NONE).filter((row) => row.quantity === chosen),
    [found.data, chosen],
  );
  const rows = useMemo(() => all.filter((row) => row.arm in ARMS && row.mean !== null), [all]);
  const difference = all.find(({ arm }) => arm === 'difference');
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 170, top: 8, bottom: 40, containLabel: true },
      tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
      xAxis: numberAxis(palette, { name: quantity.axis }),
      yAxis: nameAxis(
        palette,
        rows.map(({ arm }) => ARMS[arm] ?? arm),
      ),
      series: [
        intervalsOf(
          rows.map((row, place) => ({
            row: place,
            estimate: row.mean ?? 0,
            low: row.low,
            high: row.high,
            colour: palette.series[place] ?? palette.accent,
            words: words(row, quantity),
            open: casesKey('arm_cases', { arm: row.arm }),
            title: `${ARMS[row.arm] ?? row.arm}: ${words(row, quantity)}, n = ${row.cases} cases`,
          })),
          palette,
        ),
      ],
    }),
    [rows, quantity],
  );
  return (
    <ChartFrame
      question="Does choosing cases pay?"
      caption={caption(rows, difference, quantity)}
      height={Math.max(130, rows.length * 34 + 56)}
      draw={draw}
      name={`arms-${chosen}`}
      rows={(form) => rowsAddress(project.id, 'arms', {}, form)}
      onOpen={onOpen}
      controls={
        <SegmentedControl
          size="xs"
          aria-label="Figure of the arms"
          value={chosen}
          onChange={setChosen}
          data={Object.entries(QUANTITIES).map(([value, { label }]) => ({ value, label }))}
        />
      }
      table={{
        columns: ['Cases', `${quantity.axis} (95 % CI)`, 'n'],
        rows: all.map((row) => ({
          cells: [
            ARMS[row.arm] ?? 'strategy less control',
            row.mean === null ? row.reason : words(row, quantity),
            String(row.cases),
          ],
          open: casesKey('arm_cases', { arm: row.arm }),
        })),
      }}
      empty={found.data === undefined || rows.length > 0 ? null : emptyWords(all)}
    />
  );
}

function words(row: Row, { write }: Quantity): string {
  return `${write(row.mean ?? 0)}${interval(row.low, row.high, write)}`;
}

function emptyWords(rows: readonly Row[]): string {
  return rows.length === 0
    ? 'No case that a strategy chose is accepted yet.'
    : 'No accepted case that was chosen has this figure yet.';
}

function caption(rows: readonly Row[], difference: Row | undefined, quantity: Quantity): string {
  const n = rows.map(({ arm, cases }) => `${cases} ${ARMS[arm] ?? arm}`).join(', ');
  const compared =
    difference === undefined || difference.mean === null
      ? (difference?.reason ?? '')
      : `Strategy less control: ${words(difference, quantity)}.`;
  return `Means per accepted case (the newest 1000), 95 % CI: other cases. n = ${n}. ${compared}`;
}
