import { ActionIcon, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconBrush,
  IconContrast,
  IconCurrentLocation,
  IconEraser,
  IconEyeOff,
  IconFocusCentered,
  IconGitCompare,
  IconHandStop,
  IconSparkles,
  IconZoomIn,
  type TablerIcon,
} from '@tabler/icons-react';
import type { ToolName } from '../../../viewer';
import { useRead } from '../readStore';
import classes from './ToolColumn.module.css';

interface ToolColumnProps {
  readonly editable: boolean;
  readonly isReview: boolean;
  readonly hasPrediction: boolean;
}

interface Tool {
  readonly name: ToolName;
  readonly label: string;
  readonly hint: string;
  readonly icon: TablerIcon;
  readonly draws: boolean;
}

const TOOLS: readonly Tool[] = [
  { name: 'brush', label: 'Brush', hint: 'B', icon: IconBrush, draws: true },
  { name: 'eraser', label: 'Eraser', hint: 'E', icon: IconEraser, draws: true },
  {
    name: 'crosshair',
    label: 'Crosshair',
    hint: 'click moves the other planes',
    icon: IconCurrentLocation,
    draws: false,
  },
  { name: 'window', label: 'Window and level', hint: 'right drag', icon: IconContrast, draws: false },
  { name: 'pan', label: 'Pan', hint: 'middle drag', icon: IconHandStop, draws: false },
  { name: 'zoom', label: 'Zoom', hint: 'Ctrl-wheel', icon: IconZoomIn, draws: false },
];

export function ToolColumn({ editable, isReview, hasPrediction }: ToolColumnProps) {
  const { tool, set } = useRead();
  return (
    // Keys stay with the image: a click on a tool must not take the focus away from it.
    <nav className={classes.column} aria-label="Tools" onMouseDown={(event) => event.preventDefault()}>
      {TOOLS.map(({ name, label, hint, icon, draws }) => (
        <ToolButton
          key={name}
          label={label}
          hint={hint}
          icon={icon}
          isOn={tool === name}
          isDisabled={draws && !editable}
          onClick={() => set({ tool: name })}
        />
      ))}
      <hr className={classes.rule} />
      <History editable={editable} />
      <hr className={classes.rule} />
      <Views isReview={isReview} hasPrediction={hasPrediction} />
    </nav>
  );
}

function History({ editable }: { readonly editable: boolean }) {
  const port = useRead((state) => state.port);
  return (
    <>
      <ToolButton
        label="Undo"
        hint="Z"
        icon={IconArrowBackUp}
        isDisabled={!editable}
        onClick={() => void port?.undo()}
      />
      <ToolButton
        label="Redo"
        hint="Shift-Z"
        icon={IconArrowForwardUp}
        isDisabled={!editable}
        onClick={() => void port?.redo()}
      />
    </>
  );
}

function Views({ isReview, hasPrediction }: Omit<ToolColumnProps, 'editable'>) {
  const { peek, difference, set } = useRead();
  return (
    <>
      <ToolButton
        label="Only the image"
        hint="hold X"
        icon={IconEyeOff}
        isOn={peek === 'image'}
        onClick={() => set({ peek: peek === 'image' ? 'none' : 'image' })}
      />
      <ToolButton
        label="Prediction"
        hint="hold C"
        icon={IconSparkles}
        isOn={peek === 'prediction'}
        isDisabled={!hasPrediction}
        onClick={() => set({ peek: peek === 'prediction' ? 'none' : 'prediction' })}
      />
      {isReview && (
        <ToolButton
          label="Difference to the prediction"
          hint="added solid, removed hatched"
          icon={IconGitCompare}
          isOn={difference}
          isDisabled={!hasPrediction}
          onClick={() => set({ difference: !difference })}
        />
      )}
      <ToolButton label="Fit the image" hint="all three planes" icon={IconFocusCentered} onClick={fit} />
    </>
  );
}

function fit(): void {
  const { port } = useRead.getState();
  port?.maximise(null);
  port?.resetView();
}

interface ToolButtonProps {
  readonly label: string;
  readonly hint: string;
  readonly icon: TablerIcon;
  readonly isOn?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

function ToolButton({ label, hint, icon: Icon, isOn, isDisabled = false, onClick }: ToolButtonProps) {
  return (
    <Tooltip label={`${label} (${hint})`} position="right" openDelay={250}>
      <ActionIcon
        size={36}
        variant={isOn === true ? 'light' : 'subtle'}
        color={isOn === true ? 'accent' : 'gray'}
        aria-label={label}
        aria-pressed={isOn}
        disabled={isDisabled}
        onClick={onClick}
      >
        <Icon size={20} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
