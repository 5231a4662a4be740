import { Slider } from '@mantine/core';
import { useRead } from '../../readStore';
import { useLengthUnit } from '../../sizes';
import { RADII_MM, radiusStep } from '../presets';
import { Choice, HuRangeControl, Line } from './controls';
import classes from './controls.module.css';

/** Size and shape of whatever paints. */
export function BrushPanel() {
  const unit = useLengthUnit();
  const brush = useRead((state) => state.brush);
  const set = useRead((state) => state.set);
  return (
    <>
      <Choice
        label="Shape"
        choices={{ disc: '2-D', sphere: 'Sphere' }}
        value={brush.sphere ? 'sphere' : 'disc'}
        onChange={(shape) => set({ brush: { ...brush, sphere: shape === 'sphere' } })}
      />
      <Line label="Radius">
        <Slider
          className={classes.slider ?? ''}
          size="xs"
          label={null}
          thumbLabel={`Brush radius in ${unit === 'mm' ? 'millimetres' : unit}`}
          min={0}
          max={RADII_MM.length - 1}
          value={radiusStep(brush.radius_mm)}
          onChange={(at) => set({ brush: { ...brush, radius_mm: RADII_MM[at] ?? brush.radius_mm } })}
        />
        <output className={classes.output} aria-label="Brush radius">
          {shownRadius(brush.radius_mm)} {unit}
        </output>
      </Line>
    </>
  );
}

export function ThresholdBrushPanel() {
  return (
    <>
      <BrushPanel />
      <RangePanel />
    </>
  );
}

/** The range that the threshold brush and the threshold share. */
export function RangePanel() {
  const range = useRead((state) => state.options.thresholdBrush);
  const setOptions = useRead((state) => state.setOptions);
  return <HuRangeControl label="Range" value={range} onChange={(hu) => setOptions({ thresholdBrush: hu })} />;
}

function shownRadius(radius_mm: number): string {
  return radius_mm < 10 ? radius_mm.toFixed(1).replace(/\.0$/, '') : String(Math.round(radius_mm));
}
