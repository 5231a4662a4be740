import { Slider, UnstyledButton } from '@mantine/core';
import { useEffect } from 'react';
import type { Sample } from '../../../viewer';
import { signed } from '../../words';
import { useShownKey } from '../keys/keyStore';
import { useRead } from '../readStore';
import { DRAWING_NAMES } from '../structures/drawingNames';

import { PaintLimits } from './PaintLimits';
import { PANELS } from './panels';
import { Choice } from './panels/controls';
import { WINDOW_PRESETS, type WindowPreset } from './presets';
import { SlabAndCine } from './SlabAndCine';
import classes from './ToolOptions.module.css';
import { toolOf } from './toolTable';
import { WindowFields } from './WindowFields';

/** Only what belongs to the tool in hand, then where it may paint, then how the scan is shown. */
export function ToolOptions() {
  useSamples();
  const tool = useRead((state) => toolOf(state.tool));
  const key = useShownKey(`tool.${tool.id}`);
  const Panel = PANELS[tool.id];
  return (
    <>
      <section className={classes.section} aria-label="Tool options">
        <h2 className={classes.title}>
          <tool.icon size={16} stroke={1.7} aria-hidden />
          <span>Tool: {tool.name.charAt(0).toLowerCase() + tool.name.slice(1)}</span>
          {key !== '' && <kbd className={classes.key}>{key}</kbd>}
        </h2>
        <p className={classes.words}>{tool.words}</p>
        {Panel && <Panel key={tool.id} />}
      </section>
      {tool.edits && <PaintLimits />}
      <section className={classes.section} aria-label="Display">
        <Fill />
        <WindowFields />
        <Presets />
        <SlabAndCine />
      </section>
    </>
  );
}

const SPREAD = 2;

/** A sample gives threshold tools a range around it that holds nearly all of the same tissue. */
function useSamples(): void {
  const port = useRead((state) => state.port);
  const setOptions = useRead((state) => state.setOptions);
  useEffect(
    () => port?.tools.onSample((sample) => setOptions({ thresholdBrush: rangeAround(sample) })),
    [port, setOptions],
  );
}

export function rangeAround({ mean_hu, sd_hu }: Pick<Sample, 'mean_hu' | 'sd_hu'>): [number, number] {
  const spread = Math.max(1, SPREAD * sd_hu);
  return [Math.floor(mean_hu - spread), Math.ceil(mean_hu + spread)];
}

function Fill() {
  const opacity = useRead((state) => state.opacity);
  const drawing = useRead((state) => state.drawing);
  const { set, setAllDrawings } = useRead.getState();
  return (
    <>
      <Choice label="Draw" choices={DRAWING_NAMES} value={drawing} onChange={setAllDrawings} />
      <div className={classes.line}>
        <span className={classes.label}>Fill</span>
        <Slider
          className={classes.slider ?? ''}
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
    </>
  );
}

function Presets() {
  return (
    <fieldset className={classes.presets} aria-label="Window presets">
      {WINDOW_PRESETS.map((preset) => (
        <Preset key={preset.id} preset={preset} />
      ))}
    </fieldset>
  );
}

/** Drawn anew only when it comes on or goes off, not with each move of the pointer that changes the window. */
function Preset({ preset: { id, name, window } }: { readonly preset: WindowPreset }) {
  const isOn = useRead(
    ({ window: now }) => now.width === window.width && Math.abs(now.level - window.level) < 0.5,
  );
  const set = useRead((state) => state.set);
  const key = useShownKey(`window.${id}`);
  return (
    <UnstyledButton
      className={classes.preset}
      aria-pressed={isOn}
      title={`${name}: W ${window.width} L ${signed(window.level, 0)}${key === '' ? '' : ` (${key})`}`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => set({ window })}
    >
      {name} <span className={classes.presetKey}>{key}</span>
    </UnstyledButton>
  );
}
