import { ActionIcon, TextInput } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconEye, IconEyeOff, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useRead } from '../readStore';
import { type HeadingRow, type Region, rowsOf, type StructureRow } from './groups';
import { LookedMeter } from './LookedMeter';
import { ROW_HEIGHT, StructureLine } from './StructureLine';
import classes from './StructureList.module.css';
import { SEARCH_FIELD } from './searchField';

export function StructureList() {
  const [search, setSearch] = useState('');
  const [folded, setFolded] = useState<ReadonlySet<Region>>(new Set());
  const structures = useRead((state) => state.structures);
  const rows = useMemo(() => rowsOf(structures, search, folded), [structures, search, folded]);
  const fold = useCallback((region: Region) => setFolded((before) => toggled(before, region)), []);
  return (
    <section className={classes.section} aria-label="Structures">
      <div className={classes.head}>
        <TextInput
          id={SEARCH_FIELD}
          size="xs"
          aria-label="Search structures"
          placeholder={`search ${structures.length} structures`}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={({ key, currentTarget }) => {
            if (key === 'Escape') setSearch('');
            if (key === 'Escape' || key === 'Enter') currentTarget.blur();
            if (key === 'Enter') activateFirst(rows);
          }}
        />
        <LookedMeter />
        <AllEye />
      </div>
      {rows.length === 0 && <p className={classes.none}>No structure is called “{search}”.</p>}
      <Rows rows={rows} onFold={fold} />
    </section>
  );
}

type Line = HeadingRow | StructureRow;

function toggled(regions: ReadonlySet<Region>, region: Region): ReadonlySet<Region> {
  const next = new Set(regions);
  if (!next.delete(region)) {
    next.add(region);
  }
  return next;
}

function activateFirst(rows: readonly Line[]): void {
  const first = rows.find((row) => row.kind === 'structure');
  useRead.getState().activate(first?.structure);
}

function AllEye() {
  const isAnyHidden = useRead(({ hidden }) => hidden.size > 0);
  const toggleAllHidden = useRead((state) => state.toggleAllHidden);
  const label = isAnyHidden ? 'Show all structures' : 'Hide all structures';
  const Eye = isAnyHidden ? IconEyeOff : IconEye;
  return (
    <ActionIcon
      size={24}
      variant="subtle"
      color="gray"
      aria-label={label}
      title={label}
      onMouseDown={(event) => event.preventDefault()}
      onClick={toggleAllHidden}
    >
      <Eye size={15} aria-hidden />
    </ActionIcon>
  );
}

interface RowsProps {
  readonly rows: readonly Line[];
  readonly onFold: (region: Region) => void;
}

/** Only the rows that are seen are in the page. */
function Rows({ rows, onFold }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const active = useRead((state) => state.active?.key);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  const at = rows.findIndex((row) => row.kind === 'structure' && row.structure.key === active);
  useEffect(() => {
    if (at >= 0) {
      virtual.scrollToIndex(at);
    }
  }, [at, virtual]);
  return (
    <div ref={scroller} className={classes.scroller}>
      {/* Keys stay with the image, as in the tool column. */}
      <ul
        className={classes.rows}
        style={{ height: virtual.getTotalSize() }}
        onMouseDown={(event) => event.preventDefault()}
      >
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const row = rows[index];
          return (
            row !== undefined && (
              <li key={key} className={classes.item} style={{ transform: `translateY(${start}px)` }}>
                {row.kind === 'heading' ? (
                  <Heading row={row} onFold={onFold} />
                ) : (
                  <StructureLine structure={row.structure} isActive={index === at} />
                )}
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

function Heading({ row, onFold }: { readonly row: HeadingRow; readonly onFold: (region: Region) => void }) {
  const { region, structures, isFolded } = row;
  const isAllHidden = useRead(({ hidden }) => structures.every(({ key }) => hidden.has(key)));
  const setHidden = useRead((state) => state.setHidden);
  const Chevron = isFolded ? IconChevronRight : IconChevronDown;
  const Eye = isAllHidden ? IconEyeOff : IconEye;
  const label = `${isAllHidden ? 'Show' : 'Hide'} all: ${region}`;
  return (
    <div className={classes.heading}>
      <button type="button" className={classes.fold} aria-expanded={!isFolded} onClick={() => onFold(region)}>
        <Chevron size={14} aria-hidden />
        {region}
        <span className={classes.count}>{structures.length}</span>
      </button>
      <button
        type="button"
        className={classes.switch}
        data-on={isAllHidden || undefined}
        aria-label={label}
        title={label}
        onClick={() =>
          setHidden(
            structures.map(({ key }) => key),
            !isAllHidden,
          )
        }
      >
        <Eye size={15} aria-hidden />
      </button>
    </div>
  );
}
