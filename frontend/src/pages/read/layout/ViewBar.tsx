import { ActionIcon, Tooltip } from '@mantine/core';
import {
  IconColumns2,
  IconCommand,
  IconEyeOff,
  IconFocusCentered,
  IconGitCompare,
  IconLayoutBoard,
  IconLayoutBoardSplit,
  IconLayoutGrid,
  IconRotate2,
  IconRotateClockwise2,
  IconSparkles,
  IconSquare,
  type TablerIcon,
} from '@tabler/icons-react';
import { LAYOUTS, type Layout } from '../../../viewer';
import { isBeside, useCompareStore } from '../compare/compareStore';
import { chooseLayout } from '../keys/actions/viewActions';
import { call } from '../keys/handlers';
import { actionCalled, useShownKey } from '../keys/keyStore';
import { type Peek, useRead } from '../readStore';
import { LAYOUT_NAMES } from './layouts';
import classes from './TopBar.module.css';

const ICONS: Readonly<Record<Layout, TablerIcon>> = {
  large_axial: IconLayoutBoard,
  three_and_volume: IconLayoutGrid,
  large_sagittal: IconLayoutBoardSplit,
  large_coronal: IconLayoutBoardSplit,
  single: IconSquare,
};

interface ViewBarProps {
  readonly isReview: boolean;
  readonly hasPrediction: boolean;
}

/** How the scan is shown: layout, oblique planes, what lies over the image. */
export function ViewBar({ isReview, hasPrediction }: ViewBarProps) {
  return (
    // Keys stay with the image, as in the tool column.
    <div
      className={classes.view}
      role="toolbar"
      aria-label="View"
      onMouseDown={(event) => event.preventDefault()}
    >
      {LAYOUTS.map((layout) => (
        <LayoutButton key={layout} layout={layout} />
      ))}
      <span className={classes.gap} />
      <CommandButton id="view.fit" icon={IconFocusCentered} />
      <CommandButton id="view.turn_left" icon={IconRotate2} />
      <CommandButton id="view.turn_right" icon={IconRotateClockwise2} />
      <span className={classes.gap} />
      <PeekButton id="peek.image" peek="image" icon={IconEyeOff} label="Only the image" />
      <PeekButton
        id="peek.prediction"
        peek="prediction"
        icon={IconSparkles}
        label="Prediction"
        isDisabled={!hasPrediction}
      />
      <BesideButton />
      {isReview && <Difference isDisabled={!hasPrediction} />}
      <span className={classes.gap} />
      <CommandButton id="panel.palette" icon={IconCommand} />
    </div>
  );
}

function LayoutButton({ layout }: { readonly layout: Layout }) {
  const isOn = useRead((state) => state.layout === layout);
  return (
    <ViewButton
      id={`layout.${layout}`}
      label={LAYOUT_NAMES[layout]}
      icon={ICONS[layout]}
      isOn={isOn}
      isTurned={layout === 'large_coronal'}
      onClick={() => chooseLayout(layout)}
    />
  );
}

interface PeekButtonProps {
  readonly id: string;
  readonly peek: Peek;
  readonly icon: TablerIcon;
  readonly label: string;
  readonly isDisabled?: boolean;
}

function PeekButton({ id, peek, icon, label, isDisabled = false }: PeekButtonProps) {
  const isOn = useRead((state) => state.peek === peek);
  const set = useRead((state) => state.set);
  return (
    <ViewButton
      id={id}
      label={label}
      prefix="hold "
      icon={icon}
      isOn={isOn}
      isDisabled={isDisabled}
      onClick={() => set({ peek: isOn ? 'none' : peek })}
    />
  );
}

function BesideButton() {
  const isOn = useCompareStore(({ comparison }) => isBeside(comparison));
  return (
    <ViewButton
      id="view.beside"
      label="Compare side by side"
      icon={IconColumns2}
      isOn={isOn}
      onClick={() => call('toggleBeside')}
    />
  );
}

function Difference({ isDisabled }: { readonly isDisabled: boolean }) {
  const isOn = useRead((state) => state.difference);
  const set = useRead((state) => state.set);
  return (
    <ViewButton
      id="view.difference"
      label="Difference to the prediction"
      icon={IconGitCompare}
      isOn={isOn}
      isDisabled={isDisabled}
      onClick={() => set({ difference: !isOn })}
    />
  );
}

function CommandButton({ id, icon }: { readonly id: string; readonly icon: TablerIcon }) {
  const action = actionCalled(id);
  return <ViewButton id={id} label={action?.words ?? id} icon={icon} onClick={() => action?.press()} />;
}

interface ViewButtonProps {
  /** Of the action, for its key. */
  readonly id: string;
  readonly label: string;
  readonly prefix?: string;
  readonly icon: TablerIcon;
  readonly isOn?: boolean;
  readonly isTurned?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

function ViewButton(props: ViewButtonProps) {
  const { id, label, prefix = '', icon: Icon, isOn, isTurned = false, isDisabled = false, onClick } = props;
  const key = useShownKey(id);
  return (
    <Tooltip label={key === '' ? label : `${label} (${prefix}${key})`} openDelay={250}>
      <ActionIcon
        size={28}
        variant={isOn === true ? 'light' : 'subtle'}
        color={isOn === true ? 'accent' : 'gray'}
        aria-label={label}
        {...(isOn === undefined ? {} : { 'aria-pressed': isOn })}
        disabled={isDisabled}
        onClick={onClick}
      >
        <Icon size={17} stroke={1.6} aria-hidden className={isTurned ? classes.turned : undefined} />
      </ActionIcon>
    </Tooltip>
  );
}
