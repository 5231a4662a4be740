import { Tooltip, UnstyledButton } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import { type MouseEvent, type ReactNode, useEffect, useRef } from 'react';
import { type SideTab, useRead } from './readStore';
import { returnKeys } from './returnKeys';
import classes from './SidePanel.module.css';

export interface SideTabContent {
  readonly id: SideTab;
  readonly label: string;
  readonly icon: TablerIcon;
  readonly content: ReactNode;
}

interface SidePanelProps {
  /** Above everything: what needs the reader now. */
  readonly notices: ReactNode;
  readonly tabs: readonly SideTabContent[];
  /** Always there below the tab: the tool's options. */
  readonly tool: ReactNode;
  readonly footer?: ReactNode;
}

export function SidePanel({ notices, tabs, tool, footer }: SidePanelProps) {
  const wanted = useRead((state) => state.tab);
  const shown = tabs.find(({ id }) => id === wanted) ?? tabs[0];
  const column = useRef<HTMLElement>(null);
  useEffect(() => (column.current === null ? undefined : returnKeys(column.current)), []);
  return (
    <aside ref={column} className={classes.panel} aria-label="Case" onMouseDown={leaveFocus}>
      {notices}
      <TabStrip tabs={tabs} shown={shown?.id} />
      <div
        className={classes.content}
        role="tabpanel"
        id="side-content"
        aria-labelledby={shown && `side-tab-${shown.id}`}
      >
        {shown?.content}
      </div>
      <div className={classes.tool}>{tool}</div>
      {footer}
    </aside>
  );
}

/**
 * Keys stay with the image: a click on a button here must not take the focus away from it, and with it Enter. A field
 * that somebody typed in gives them back.
 */
function leaveFocus(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest('button') !== null) {
    event.preventDefault();
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && activeElement.matches('input, select, textarea')) {
      activeElement.blur();
    }
  }
}

interface TabStripProps {
  readonly tabs: readonly SideTabContent[];
  readonly shown: SideTab | undefined;
}

function TabStrip({ tabs, shown }: TabStripProps) {
  const set = useRead((state) => state.set);
  return (
    <div role="tablist" aria-label="Beside the image" className={classes.tabs}>
      {tabs.map(({ id, label, icon: Icon }) => (
        <Tooltip key={id} label={label} openDelay={400} disabled={id === shown}>
          <UnstyledButton
            role="tab"
            id={`side-tab-${id}`}
            className={classes.tab}
            aria-label={label}
            aria-selected={id === shown}
            aria-controls="side-content"
            onClick={() => set({ tab: id })}
          >
            <Icon size={16} stroke={1.7} aria-hidden />
            {id === shown && <span>{label}</span>}
          </UnstyledButton>
        </Tooltip>
      ))}
    </div>
  );
}
