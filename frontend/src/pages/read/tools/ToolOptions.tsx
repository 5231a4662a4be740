import { SegmentedControl, Slider, UnstyledButton } from '@mantine/core';
import type { VoiWindow } from '../../../viewer';
import { signed } from '../../words';
import { useRead } from '../readStore';
import { RADII_MM, radiusStep, WINDOW_PRESETS } from './presets';
import classes from './ToolOptions.module.css';

export function ToolOptions() {
  return (
    <section className={classes.section} aria-label="Tool options">
      <BrushOptions />
      <FillOption />
      <Presets />
    </section>
  );
}

function BrushOptions() {
  const { tool, brush, set } = useRead();
  const isDrawing = tool === 'brush' || tool === 'eraser';
  return (
    <>
      <div className={classes.line} data-off={!isDrawing || undefined}>
        <span className={classes.label}>{tool === 'eraser' ? 'Eraser' : 'Brush'}</span>
        <SegmentedControl
          size="xs"
          aria-label="Brush shape"
          data={[
            { value: 'disc', label: '2-D' },
            { value: 'sphere', label: 'Sphere' },
          ]}
          value={brush.sphere ? 'sphere' : 'disc'}
          onChange={(shape) => set({ brush: { ...brush, sphere: shape === 'sphere' } })}
        />
      </div>
      <div className={classes.line} data-off={!isDrawing || undefined}>
        <span className={classes.label}>Radius</span>
        <Slider
          className={classes.slider}
          size="xs"
          label={null}
          thumbLabel="Brush radius in millimetres"
          min={0}
          max={RADII_MM.length - 1}
          value={radiusStep(brush.radius_mm)}
          onChange={(at) => set({ brush: { ...brush, radius_mm: RADII_MM[at] ?? brush.radius_mm } })}
        />
        <output className={classes.figure} aria-label="Brush radius">
          {formatRadius(brush.radius_mm)} mm
        </output>
      </div>
    </>
  );
}

function FillOption() {
  const { opacity, set } = useRead();
  return (
    <div className={classes.line}>
      <span className={classes.label}>Fill</span>
      <Slider
        className={classes.slider}
        size="xs"
        label={null}
        thumbLabel="Opacity of the fill in per cent"
        min={0}
        max={100}
        step={5}
        value={Math.round(opacity * 100)}
        onChange={(percent) => set({ opacity: percent / 100 })}
      />
      <output className={classes.figure} aria-label="Fill opacity">
        {Math.round(opacity * 100)} %
      </output>
    </div>
  );
}

function Presets() {
  const window = useRead((state) => state.window);
  const set = useRead((state) => state.set);
  return (
    <fieldset className={classes.presets} aria-label="Window presets">
      {WINDOW_PRESETS.map(({ name, key, window: preset }) => (
        <UnstyledButton
          key={key}
          className={classes.preset}
          data-on={isSame(preset, window) || undefined}
          title={`${name}: W ${preset.width} L ${signed(preset.level, 0)} (${key})`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => set({ window: preset })}
        >
          {name} <span className={classes.key}>{key}</span>
        </UnstyledButton>
      ))}
    </fieldset>
  );
}

function isSame(a: VoiWindow, b: VoiWindow): boolean {
  return a.width === b.width && a.level === b.level;
}

function formatRadius(radius_mm: number): string {
  return radius_mm < 10 ? radius_mm.toFixed(1).replace(/\.0$/, '') : String(Math.round(radius_mm));
}
