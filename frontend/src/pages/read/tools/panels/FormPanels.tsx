import { useRead } from '../../readStore';
import { useLengthUnit } from '../../sizes';
import { Choice, Measure, Select } from './controls';
import classes from './controls.module.css';
import { OperationBar } from './OperationBar';
import { setSettings, useSettings } from './settings';
import { NO_ACTIVE, refOf, visibleDrawn } from './targets';

const METHODS = {
  median: 'Median: round off',
  closing: 'Closing: fill dents and holes',
  opening: 'Opening: cut spikes and bridges',
  joint: 'Joint: all visible together',
} as const;

export function SmoothPanel() {
  const unit = useLengthUnit();
  const active = useRead((state) => state.active);
  const { smooth, smoothRadius_mm } = useSettings();
  const layer = active?.layer ?? 0;
  const read = useRead.getState();
  const together = visibleDrawn(read).filter((structure) => structure.layer === layer);
  const target = smooth === 'joint' ? together.map(refOf) : active === null ? [] : [refOf(active)];
  return (
    <>
      <Select
        label="Method"
        choices={METHODS}
        value={smooth}
        onChange={(value) => setSettings({ smooth: value })}
      />
      <Measure
        label="Radius"
        unit={unit}
        min={0.5}
        max={15}
        step={0.5}
        value={smoothRadius_mm}
        onChange={(mm) => setSettings({ smoothRadius_mm: mm })}
      />
      <OperationBar
        name="smooth"
        params={target.length === 0 ? NO_ACTIVE : { target, method: smooth, radius_mm: smoothRadius_mm }}
      />
    </>
  );
}

export function MarginPanel() {
  const unit = useLengthUnit();
  const active = useRead((state) => state.active);
  const margin_mm = useSettings((state) => state.margin_mm);
  const params =
    active === null
      ? NO_ACTIVE
      : margin_mm === 0
        ? 'Choose a margin: above zero grows, below zero shrinks.'
        : { target: refOf(active), margin_mm };
  return (
    <>
      <Measure
        label="Margin"
        unit={unit}
        min={-20}
        max={20}
        step={0.5}
        value={margin_mm}
        onChange={(mm) => setSettings({ margin_mm: mm })}
      />
      <p className={classes.hint}>Above zero grows, below zero shrinks.</p>
      <OperationBar name="margin" params={params} />
    </>
  );
}

const SIDES = { inside: 'Inside', both: 'Both', outside: 'Outside' } as const;

export function HollowPanel() {
  const unit = useLengthUnit();
  const active = useRead((state) => state.active);
  const { shell_mm, shellSide } = useSettings();
  return (
    <>
      <Measure
        label="Wall"
        unit={unit}
        min={0.5}
        max={20}
        step={0.5}
        value={shell_mm}
        onChange={(mm) => setSettings({ shell_mm: mm })}
      />
      <Choice
        label="Lies"
        choices={SIDES}
        value={shellSide}
        onChange={(value) => setSettings({ shellSide: value })}
      />
      <OperationBar
        name="hollow"
        params={active === null ? NO_ACTIVE : { target: refOf(active), shell_mm, side: shellSide }}
      />
    </>
  );
}
