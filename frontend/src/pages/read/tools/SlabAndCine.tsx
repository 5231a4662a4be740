import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { useShownKey } from '../keys/keyStore';
import { FASTEST, SLOWEST, setRate, toggleCine, useCine } from '../layout/cine';
import { SLAB_NAMES, THICKEST_MM, THINNEST_MM } from '../layout/slabs';
import { useRead } from '../readStore';
import { useLengthUnit } from '../sizes';
import { Choice, Measure } from './panels/controls';
import classes from './ToolOptions.module.css';

/** A slab in the place of slices, and playing; one line until it is opened. */
export function SlabAndCine() {
  const slab = useRead((state) => state.slab);
  const slab_mm = useRead((state) => state.slab_mm);
  const unit = useLengthUnit();
  const [isOpen, setOpen] = useState(false);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <>
      <UnstyledButton className={classes.fold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Chevron size={14} aria-hidden />
        Slab and cine:{' '}
        <span data-limited={slab !== null || undefined}>
          {slab === null ? 'off' : `${SLAB_NAMES[slab]} ${slab_mm} ${unit}`}
        </span>
      </UnstyledButton>
      {isOpen && (
        <>
          <SlabChoice />
          <Cine />
        </>
      )}
    </>
  );
}

const CHOICES = { none: 'Off', ...SLAB_NAMES };

function SlabChoice() {
  const slab = useRead((state) => state.slab);
  const slab_mm = useRead((state) => state.slab_mm);
  const set = useRead((state) => state.set);
  const unit = useLengthUnit();
  return (
    <>
      <Choice
        label="Slab"
        choices={CHOICES}
        value={slab ?? 'none'}
        onChange={(chosen) => set({ slab: chosen === 'none' ? null : chosen })}
      />
      <Measure
        label="Depth"
        unit={unit}
        min={THINNEST_MM}
        max={THICKEST_MM}
        step={1}
        value={slab_mm}
        onChange={(mm) => set({ slab_mm: mm })}
      />
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
      <Measure
        label="Cine"
        unit="/s"
        min={SLOWEST}
        max={FASTEST}
        step={1}
        value={perSecond}
        onChange={setRate}
      />
      <UnstyledButton
        className={classes.play}
        aria-label="Play the slices"
        aria-pressed={playing !== null}
        title={`Play the slices${key === '' ? '' : ` (${key})`}; anything else you do stops it`}
        onMouseDown={(event) => event.preventDefault()}
        onClick={toggleCine}
      >
        <Icon size={15} aria-hidden />
      </UnstyledButton>
    </div>
  );
}
