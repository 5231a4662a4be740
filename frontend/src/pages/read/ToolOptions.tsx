import { SegmentedControl, Slider, UnstyledButton } from '@mantine/core';
import type { VoiWindow } from '../../viewer';
import { signed } from '../words';
import { LARGEST_RADIUS_MM, SMALLEST_RADIUS_MM, WINDOW_PRESETS } from './presets';
import { useRead } from './readStore';
import classes from './ToolOptions.module.css';

/** Radii from 0.5 to 50 mm on a slider that is fine where brushes are small. */
const SLIDER_STEPS = 100;
const RATIO = LARGEST_RADIUS_MM / SMALLEST_RADIUS_MM;

export function ToolOptions() {
  const { tool, brush, opacity, set } = useRead();
  const isDrawing = tool === 'brush' || tool === 'eraser';
  const radius = formatRadius(brush.radius_mm);
  return (
    <section className={classes.section} aria-label="Tool options">
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
          max={SLIDER_STEPS}
          value={toSlider(brush.radius_mm)}
          onChange={(at) => set({ brush: { ...brush, radius_mm: fromSlider(at) } })}
        />
        <output className={classes.figure} aria-label="Brush radius">
          {radius} mm
        </output>
      </div>
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
      <Presets />
    </section>
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

function toSlider(radius_mm: number): number {
  return Math.round((SLIDER_STEPS * Math.log(radius_mm / SMALLEST_RADIUS_MM)) / Math.log(RATIO));
}

function fromSlider(at: number): number {
  const radius_mm = SMALLEST_RADIUS_MM * RATIO ** (at / SLIDER_STEPS);
  return radius_mm < 10 ? Math.round(radius_mm * 2) / 2 : Math.round(radius_mm);
}

function formatRadius(radius_mm: number): string {
  return radius_mm < 10 ? radius_mm.toFixed(1).replace(/\.0$/, '') : String(Math.round(radius_mm));
}
