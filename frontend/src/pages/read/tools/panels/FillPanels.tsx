import { Switch } from '@mantine/core';
import { useMemo } from 'react';
import { useRead } from '../../readStore';
import { useLengthUnit } from '../../sizes';
import { BrushPanel, RangePanel } from './BrushPanel';
import { Measure, Select } from './controls';
import classes from './controls.module.css';
import { OperationBar } from './OperationBar';
import { setSettings, useSettings } from './settings';
import { NO_ACTIVE, refOf, visibleDrawn } from './targets';

export function ThresholdPanel() {
  const active = useRead((state) => state.active);
  const hu = useRead((state) => state.options.thresholdBrush);
  const params = active === null ? NO_ACTIVE : { target: refOf(active), hu };
  return (
    <>
      <RangePanel />
      <p className={classes.hint}>Click in the image for a range around what is there.</p>
      <OperationBar name="threshold" params={params} live />
    </>
  );
}

export function GrowPanel() {
  const unit = useLengthUnit();
  const { growMargin_mm, growLocality, growBackground } = useSettings();
  const seeds = useVisibleDrawn();
  const params =
    seeds.length < (growBackground ? 1 : 2)
      ? 'Paint a little of each structure that should grow.'
      : {
          seeds,
          background: growBackground,
          box: null,
          margin_mm: growMargin_mm,
          locality: growLocality,
          islands_below_voxels: 0,
        };
  return (
    <>
      <BrushPanel />
      <p className={classes.hint}>
        Grows {seeds.length === 1 ? '1 visible structure' : `${seeds.length} visible structures`}; hide those
        that should not.
      </p>
      <Measure
        label="Around"
        unit={unit}
        min={5}
        max={60}
        step={5}
        value={growMargin_mm}
        onChange={(mm) => setSettings({ growMargin_mm: mm })}
      />
      <Measure
        label="Locality"
        unit=""
        min={0}
        max={20}
        step={1}
        value={growLocality}
        onChange={(locality) => setSettings({ growLocality: locality })}
      />
      <Switch
        size="xs"
        label="Background grows as well"
        checked={growBackground}
        onChange={(event) => setSettings({ growBackground: event.currentTarget.checked })}
      />
      <OperationBar name="grow" params={params} />
    </>
  );
}

const PLANE_CHOICES = { auto: 'Find it', axial: 'Axial', sagittal: 'Sagittal', coronal: 'Coronal' } as const;

export function InterpolatePanel() {
  const active = useRead((state) => state.active);
  const plane = useSettings((state) => state.interpolatePlane);
  const params = active === null ? NO_ACTIVE : { targets: [refOf(active)], plane };
  return (
    <>
      <BrushPanel />
      <Select
        label="Plane"
        choices={PLANE_CHOICES}
        value={plane}
        onChange={(value) => setSettings({ interpolatePlane: value })}
      />
      <OperationBar name="interpolate" params={params} />
    </>
  );
}

/** Looked up anew after each stroke; the same list while it is the same. */
function useVisibleDrawn() {
  const keys = useRead((state) =>
    state.drawn >= 0
      ? visibleDrawn(state)
          .map(({ key }) => key)
          .join(' ')
      : '',
  );
  const structures = useRead((state) => state.structures);
  return useMemo(() => {
    const drawn = new Set(keys.split(' '));
    return structures.filter(({ key }) => drawn.has(key)).map(refOf);
  }, [keys, structures]);
}
