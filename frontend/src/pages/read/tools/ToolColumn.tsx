import { ActionIcon, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, type TablerIcon } from '@tabler/icons-react';
import { Fragment } from 'react';
import { actionCalled, useShownKey } from '../keys/keyStore';
import { useRead } from '../readStore';
import classes from './ToolColumn.module.css';
import { TOOLS, type Tool, type ToolGroup } from './toolTable';

interface ToolColumnProps {
  /** False while the tools are still to come. */
  readonly isReady: boolean;
  readonly editable: boolean;
  readonly hasPrediction: boolean;
}

const GROUPS: readonly ToolGroup[] = ['draw', 'structure', 'look'];

export function ToolColumn({ isReady, ...props }: ToolColumnProps) {
  return (
    // Keys stay with the image: a click on a tool must not take the focus away from it.
    <nav className={classes.column} aria-label="Tools" onMouseDown={(event) => event.preventDefault()}>
      {isReady && <Choices {...props} />}
    </nav>
  );
}

function Choices({ editable, hasPrediction }: Omit<ToolColumnProps, 'isReady'>) {
  return (
    <>
      {GROUPS.map((group) => (
        <Fragment key={group}>
          {TOOLS.filter((tool) => tool.group === group).map((tool) => (
            <ToolChoice
              key={tool.id}
              tool={tool}
              isDisabled={(tool.edits && !editable) || (tool.id === 'accept_brush' && !hasPrediction)}
            />
          ))}
          <hr className={classes.rule} />
        </Fragment>
      ))}
      <Command id="edit.undo" icon={IconArrowBackUp} isDisabled={!editable} />
      <Command id="edit.redo" icon={IconArrowForwardUp} isDisabled={!editable} />
    </>
  );
}

function ToolChoice({ tool, isDisabled }: { readonly tool: Tool; readonly isDisabled: boolean }) {
  const isOn = useRead((state) => state.tool === tool.id);
  const set = useRead((state) => state.set);
  const key = useShownKey(`tool.${tool.id}`);
  return (
    <IconButton
      label={tool.name}
      hint={tool.words}
      shownKey={key}
      icon={tool.icon}
      isOn={isOn}
      isDisabled={isDisabled}
      onClick={() => set({ tool: tool.id })}
    />
  );
}

interface CommandProps {
  /** Of an action of the key table. */
  readonly id: string;
  readonly icon: TablerIcon;
  readonly isDisabled: boolean;
}

function Command({ id, icon, isDisabled }: CommandProps) {
  const key = useShownKey(id);
  const action = actionCalled(id);
  return (
    <IconButton
      label={action?.words ?? id}
      hint=""
      shownKey={key}
      icon={icon}
      isDisabled={isDisabled}
      onClick={() => action?.press()}
    />
  );
}

interface IconButtonProps {
  readonly label: string;
  readonly hint: string;
  readonly shownKey: string;
  readonly icon: TablerIcon;
  readonly isOn?: boolean;
  readonly isDisabled: boolean;
  readonly onClick: () => void;
}

function IconButton({ label, hint, shownKey, icon: Icon, isOn, isDisabled, onClick }: IconButtonProps) {
  const words = (
    <>
      <b>{label}</b> {shownKey !== '' && <kbd className={classes.key}>{shownKey}</kbd>}
      {hint !== '' && <div>{hint}</div>}
    </>
  );
  return (
    <Tooltip label={words} position="right" openDelay={250} multiline maw={260}>
      <ActionIcon
        size={28}
        variant={isOn === true ? 'light' : 'subtle'}
        color={isOn === true ? 'accent' : 'gray'}
        aria-label={label}
        {...(isOn === undefined ? {} : { 'aria-pressed': isOn })}
        disabled={isDisabled}
        onClick={onClick}
      >
        <Icon size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
