import { UnstyledButton } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useShownKey } from '../keys/keyStore';
import { FASTEST, SLOWEST, setRate, toggleCine, useCine } from '../layout/cine';
import { SLAB_NAMES, THICKEST_MM, THINNEST_MM } from '../layout/slabs';
import { useRead } from '../readStore';
import { Choice, Measure } from './panels/controls';
import classes from './ToolOptions.module.css';

/** A slab in the place of slices, and playing. */
export function SlabAndCine() {
  return (
    <>
      <SlabChoice />
      <Cine />
    </>
  );
}

const CHOICES = { none: 'Off', ...SLAB_NAMES };

function SlabChoice() {
  const slab = useRead((state) => state.slab);
  const slab_mm = useRead((state) => state.slab_mm);
  const set = useRead((state) => state.set);
  return (
    <>
      <Choice
        label="Slab"
        choices={CHOICES}
        value={slab ?? 'none'}
        onChange={(chosen) => set({ slab: chosen === 'none' ? null : chosen })}
      />
      {slab !== null && (
        <Measure
          label="Thickness"
          unit="mm"
          min={THINNEST_MM}
          max={THICKEST_MM}
          step={1}
          value={slab_mm}
          onChange={(mm) => set({ slab_mm: mm })}
        />
      )}
    </>
  );
}

/** Playing the slices of a plane; anything else that the reader does stops it. */
function Cine() {
  const { playing, perSecond } = useCine();
  const key = useShownKey('slice.cine');
  const Icon = playing === null ? IconPlayerPlay : IconPlayerStop;
  return (
    <div className={classes.cine} data-cine>
      <UnstyledButton
        className={classes.play}
        aria-label="Cine"
        aria-pressed={playing !== null}
        title={`Play the slices${key === '' ? '' : ` (${key})`}; anything else you do stops it`}
        onMouseDown={(event) => event.preventDefault()}
        onClick={toggleCine}
      >
        <Icon size={14} aria-hidden />
      </UnstyledButton>
      <Measure
        label="Cine"
        unit="/s"
        min={SLOWEST}
        max={FASTEST}
        step={1}
        value={perSecond}
        onChange={setRate}
      />
    </div>
  );
}
