import { Popover, Slider, UnstyledButton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconEye,
  IconEyeOff,
  IconLock,
  IconLockOpen,
  type TablerIcon,
} from '@tabler/icons-react';
import { memo, useState } from 'react';
import type { Structure } from '../../../api';
import { millilitres } from '../../words';
import { isShown, useRead } from '../readStore';
import { goToStructure } from './goTo';
import { withoutSide } from './groups';
import { useLookedPercent } from './LookedMeter';
import classes from './StructureList.module.css';

export const ROW_HEIGHT = 28;
const BY_NUMBER_KEY = 9;

interface StructureLineProps {
  readonly structure: Structure;
  readonly isActive: boolean;
}

export const StructureLine = memo(function StructureLine({ structure, isActive }: StructureLineProps) {
  const { key, name, side } = structure;
  const isHidden = useRead((state) => !isShown(state, key));
  const isLocked = useRead((state) => state.locked.has(key));
  const { activate, toggleHidden, toggleLocked } = useRead.getState();
  return (
    <div
      className={classes.row}
      data-active={isActive || undefined}
      data-hidden={isHidden || undefined}
      data-structure={key}
    >
      <Chip structure={structure} />
      <Place structure={structure} />
      <UnstyledButton
        className={classes.choose}
        aria-label={name}
        aria-current={isActive}
        title={`${name}: click to draw it, double click to go there`}
        onClick={() => activate(structure)}
        onDoubleClick={() => goToStructure(structure)}
      >
        {withoutSide(name, side)}
      </UnstyledButton>
      <Side structure={structure} />
      <Warning structure={structure} />
      <Volume structure={structure} />
      <Switch
        isOn={isHidden}
        label={`${isHidden ? 'Show' : 'Hide'} ${name}`}
        icon={isHidden ? IconEyeOff : IconEye}
        onClick={() => toggleHidden(key)}
      />
      <Switch
        isOn={isLocked}
        label={`${isLocked ? 'Unlock' : 'Lock'} ${name}`}
        hint="a locked structure neither gains nor loses voxels"
        icon={isLocked ? IconLock : IconLockOpen}
        onClick={() => toggleLocked(key)}
      />
    </div>
  );
});

/** The side stands apart, so that it is read even where the name is cut off. */
function Side({ structure: { name, side } }: { readonly structure: Structure }) {
  return withoutSide(name, side) === name ? null : (
    <span className={classes.side} aria-hidden>
      {side === 'left' ? 'L' : 'R'}
    </span>
  );
}

/** The digit that chooses the structure. */
function Place({ structure }: { readonly structure: Structure }) {
  const at = useRead(({ structures }) => structures.indexOf(structure));
  return (
    <span className={classes.place} aria-hidden>
      {at >= 0 && at < BY_NUMBER_KEY ? at + 1 : ''}
    </span>
  );
}

function Warning({ structure: { key } }: { readonly structure: Structure }) {
  const reason = useRead(({ warnings }) => warnings.get(key));
  return (
    reason !== undefined && (
      <IconAlertTriangle
        size={14}
        className={classes.warning}
        role="img"
        aria-label={reason}
        title={reason}
      />
    )
  );
}

/** Read from the engine's own counts, anew after each stroke; the bar below says how much of it was looked at. */
function Volume({ structure }: { readonly structure: Structure }) {
  const { layer, value } = structure;
  const volume_ml = useRead(({ drawn, port }) =>
    drawn >= 0 ? (port?.engine.volumeMl(layer, value) ?? null) : null,
  );
  const percent = useLookedPercent(structure);
  return (
    <span className={classes.volume} title={percent === null ? undefined : `looked at: ${percent} %`}>
      {volume_ml === null ? '' : millilitres(volume_ml)}
      {percent !== null && (
        <span className={classes.meter} aria-hidden>
          <span className={classes.looked} style={{ width: `${percent}%` }} />
        </span>
      )}
    </span>
  );
}

/** Colour of the structure; opens its opacity and shows it alone. */
function Chip({ structure: { key, name, colour } }: { readonly structure: Structure }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left-start" width={220} shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton
          className={classes.chip}
          aria-label={`How ${name} is shown`}
          aria-expanded={isOpen}
          title={`How ${name} is shown`}
          onClick={() => setOpen(!isOpen)}
        >
          <span className={classes.dot} style={{ background: colour }} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="xs">{isOpen && <Shown structureKey={key} name={name} />}</Popover.Dropdown>
    </Popover>
  );
}

function Shown({ structureKey, name }: { readonly structureKey: string; readonly name: string }) {
  const own = useRead((state) => state.opacities.get(structureKey));
  const ofAll = useRead((state) => state.opacity);
  const isSolo = useRead((state) => state.solo === structureKey);
  const { setOpacity, toggleSolo } = useRead.getState();
  const percent = Math.round((own ?? ofAll) * 100);
  return (
    <div className={classes.shown}>
      <span>Fill of {name}</span>
      <div className={classes.fill}>
        <Slider
          size="xs"
          label={null}
          thumbLabel={`Opacity of ${name} in per cent`}
          min={0}
          max={100}
          step={5}
          value={percent}
          onChange={(value) => setOpacity(structureKey, value / 100)}
        />
        <output>{percent} %</output>
      </div>
      <div className={classes.buttons}>
        <UnstyledButton
          className={classes.small}
          disabled={own === undefined}
          onClick={() => setOpacity(structureKey, null)}
        >
          As all others
        </UnstyledButton>
        <UnstyledButton
          className={classes.small}
          aria-pressed={isSolo}
          onClick={() => toggleSolo(structureKey)}
        >
          {isSolo ? 'Show all again' : 'Show it alone'}
        </UnstyledButton>
      </div>
    </div>
  );
}

interface SwitchProps {
  readonly isOn: boolean;
  readonly label: string;
  readonly hint?: string;
  readonly icon: TablerIcon;
  readonly onClick: () => void;
}

function Switch({ isOn, label, hint, icon: Icon, onClick }: SwitchProps) {
  return (
    <button
      type="button"
      className={classes.switch}
      data-on={isOn || undefined}
      aria-label={label}
      title={hint === undefined ? label : `${label}: ${hint}`}
      onClick={onClick}
    >
      <Icon size={15} aria-hidden />
    </button>
  );
}
