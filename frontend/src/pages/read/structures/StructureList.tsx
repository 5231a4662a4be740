import { ActionIcon, TextInput, UnstyledButton } from '@mantine/core';
import {
  IconEye,
  IconEyeOff,
  IconLock,
  IconLockOpen,
  IconSearch,
  type TablerIcon,
} from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Structure } from '../../../api';
import { millilitres } from '../../words';
import { useRead } from '../readStore';
import classes from './StructureList.module.css';

const ROW_HEIGHT = 30;

export function StructureList() {
  const [search, setSearch] = useState('');
  const structures = useRead((state) => state.structures);
  const hidden = useRead((state) => state.hidden);
  const toggleAllHidden = useRead((state) => state.toggleAllHidden);
  const found = useMemo(() => matching(structures, search), [structures, search]);
  const Eye = hidden.size > 0 ? IconEyeOff : IconEye;
  return (
    <section className={classes.section} aria-label="Structures">
      <div className={classes.head}>
        <h2 className={classes.title}>Structures</h2>
        <TextInput
          size="xs"
          aria-label="Search structures"
          placeholder="search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <ActionIcon
          size={22}
          variant="subtle"
          color="gray"
          aria-label={hidden.size > 0 ? 'Show all structures' : 'Hide all structures'}
          title={hidden.size > 0 ? 'Show all structures' : 'Hide all structures'}
          onClick={toggleAllHidden}
        >
          <Eye size={15} aria-hidden />
        </ActionIcon>
      </div>
      {found.length === 0 && <p className={classes.none}>No structure is called “{search}”.</p>}
      <Rows structures={found} />
    </section>
  );
}

function matching(structures: readonly Structure[], search: string): readonly Structure[] {
  const wanted = search.trim().toLowerCase();
  return structures.filter(({ name, key }) => name.toLowerCase().includes(wanted) || key.includes(wanted));
}

function Rows({ structures }: { readonly structures: readonly Structure[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const active = useRead((state) => state.active);
  const rows = useVirtualizer({
    count: structures.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
  });
  const at = structures.findIndex(({ key }) => key === active?.key);
  useEffect(() => {
    if (at >= 0) {
      rows.scrollToIndex(at);
    }
  }, [at, rows]);
  return (
    <div ref={scroller} className={classes.scroller}>
      {/* Keys stay with the image, as in the tool column. */}
      <ul
        className={classes.rows}
        style={{ height: rows.getTotalSize() }}
        onMouseDown={(event) => event.preventDefault()}
      >
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const structure = structures[index];
          return (
            structure !== undefined && (
              <li key={key} className={classes.item} style={{ transform: `translateY(${start}px)` }}>
                <Row structure={structure} isActive={index === at} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function Row({ structure, isActive }: { readonly structure: Structure; readonly isActive: boolean }) {
  const { key, name, colour } = structure;
  const isHidden = useRead((state) => state.hidden.has(key));
  const isLocked = useRead((state) => state.locked.has(key));
  const volume = useVolume(structure);
  const { activate, toggleHidden, toggleLocked } = useRead.getState();
  return (
    <div
      className={classes.row}
      data-active={isActive || undefined}
      data-hidden={isHidden || undefined}
      data-structure={key}
    >
      <UnstyledButton
        className={classes.choose}
        aria-label={name}
        aria-current={isActive}
        title={name}
        onClick={() => activate(structure)}
      >
        <span className={classes.dot} style={{ background: colour }} />
        <span className={classes.name}>{name}</span>
        <span className={classes.volume}>{volume}</span>
      </UnstyledButton>
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
}

/** Read from the engine's own counts, anew after each stroke; blank until the viewer is there. */
function useVolume({ layer, value }: Structure): string {
  const volume_ml = useRead((state) =>
    state.drawn >= 0 ? (state.port?.engine.volumeMl(layer, value) ?? null) : null,
  );
  return volume_ml === null ? '' : millilitres(volume_ml);
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
    <ActionIcon
      size={22}
      variant="transparent"
      className={classes.switch}
      data-on={isOn || undefined}
      aria-label={label}
      title={hint === undefined ? label : `${label}: ${hint}`}
      onClick={onClick}
    >
      <Icon size={15} aria-hidden />
    </ActionIcon>
  );
}
