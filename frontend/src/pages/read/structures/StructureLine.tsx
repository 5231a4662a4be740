import { Popover, SegmentedControl, Slider, UnstyledButton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconEye,
  IconEyeOff,
  IconLock,
  IconLockOpen,
  type TablerIcon,
} from '@tabler/icons-react';
import { type KeyboardEvent, memo, useState } from 'react';
import type { Structure } from '../../../api';
import { DRAWINGS, type Drawing } from '../../../viewer';
import { useShownKey } from '../keys/keyStore';
import { drawingOf, isShown, useRead } from '../readStore';
import { useSizeWords } from '../sizes';
import { useColours } from './colours';
import { DRAWING_NAMES } from './drawingNames';
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
  const sizeOf = useSizeWords();
  return (
    <span className={classes.volume} title={percent === null ? undefined : `looked at: ${percent} %`}>
      {volume_ml === null ? '' : sizeOf(volume_ml)}
      {percent !== null && (
        <span className={classes.meter} aria-hidden>
          <span className={classes.looked} style={{ width: `${percent}%` }} />
        </span>
      )}
    </span>
  );
}

/** Colour of the structure, filled or not as on the image; opens how it is shown. */
function Chip({ structure: { key, name, colour } }: { readonly structure: Structure }) {
  const [isOpen, setOpen] = useState(false);
  const drawing = useRead((state) => drawingOf(state, key));
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left-start" width={230} shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton
          className={classes.chip}
          aria-label={`How ${name} is shown`}
          aria-expanded={isOpen}
          title={`How ${name} is shown`}
          onClick={() => setOpen(!isOpen)}
        >
          <span className={classes.dot} data-drawing={drawing} style={{ color: colour }} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="xs" onKeyDown={keepEscape}>
        {isOpen && <Shown structureKey={key} name={name} />}
      </Popover.Dropdown>
    </Popover>
  );
}

/** Escape closes this and nothing of the page behind it. */
function keepEscape(event: KeyboardEvent): void {
  if (event.key === 'Escape') {
    event.stopPropagation();
  }
}

interface ShownProps {
  readonly structureKey: string;
  readonly name: string;
}

function Shown({ structureKey, name }: ShownProps) {
  return (
    <div className={classes.shown}>
      <span>Fill of {name}</span>
      <Opacity structureKey={structureKey} name={name} />
      <DrawingChoice structureKey={structureKey} name={name} />
      <Colour structureKey={structureKey} name={name} />
      <ShownButtons structureKey={structureKey} />
    </div>
  );
}

function Opacity({ structureKey, name }: ShownProps) {
  const opacity = useRead(({ opacities, opacity: ofAll }) => opacities.get(structureKey) ?? ofAll);
  const setOpacity = useRead((state) => state.setOpacity);
  const percent = Math.round(opacity * 100);
  return (
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
  );
}

function DrawingChoice({ structureKey, name }: ShownProps) {
  const drawing = useRead((state) => drawingOf(state, structureKey));
  const setDrawing = useRead((state) => state.setDrawing);
  const key = useShownKey('structure.drawing');
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label={`What is drawn of ${name}`}
      title={key === '' ? '' : `${key}: the next one, for the active structure`}
      data={DRAWINGS.map((value) => ({ value, label: DRAWING_NAMES[value] }))}
      value={drawing}
      onChange={(value) => setDrawing(structureKey, value as Drawing)}
    />
  );
}

/** Kept for the reader, in every case that shows the structure. */
function Colour({ structureKey, name }: ShownProps) {
  const colour = useRead(({ structures }) => structures.find(({ key }) => key === structureKey)?.colour);
  const { choose, problem } = useColours();
  return (
    <>
      <label className={classes.colour}>
        My colour
        <input
          type="color"
          aria-label={`My colour of ${name}`}
          value={colour ?? '#808080'}
          onChange={(event) => choose(structureKey, event.currentTarget.value)}
        />
      </label>
      {problem !== null && <p role="alert">{problem}</p>}
    </>
  );
}

function ShownButtons({ structureKey }: Pick<ShownProps, 'structureKey'>) {
  const isOwn = useRead(
    ({ opacities, drawings, colours }) =>
      opacities.has(structureKey) || drawings.has(structureKey) || colours.has(structureKey),
  );
  const isSolo = useRead((state) => state.solo === structureKey);
  const { setOpacity, setDrawing, toggleSolo } = useRead.getState();
  const giveBack = (): void => {
    setOpacity(structureKey, null);
    setDrawing(structureKey, null);
    useColours.getState().choose(structureKey, null);
  };
  return (
    <div className={classes.buttons}>
      <UnstyledButton className={classes.small} disabled={!isOwn} onClick={giveBack}>
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
