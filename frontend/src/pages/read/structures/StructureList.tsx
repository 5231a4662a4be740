import { ActionIcon, TextInput } from '@mantine/core';
import {
  IconChevronDown,
  IconChevronRight,
  IconEye,
  IconEyeOff,
  IconFilter,
  IconSearch,
} from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Structure } from '../../../api';
import { useRead } from '../readStore';
import {
  type HeadingRow,
  LIST_FILTERS,
  type ListFilter,
  passes,
  type Region,
  rowsOf,
  type StructureRow,
} from './groups';
import { LookedMeter } from './LookedMeter';
import { progressOf } from './progress';
import { ROW_HEIGHT, StructureLine } from './StructureLine';
import classes from './StructureList.module.css';
import { SEARCH_FIELD } from './searchField';

export function StructureList() {
  const [search, setSearch] = useState('');
  const [folded, setFolded] = useState<ReadonlySet<Region>>(new Set());
  const [filter, setFilter] = useState<ListFilter>('all');
  const structures = useFiltered(filter);
  const rows = useMemo(() => rowsOf(structures, search, folded), [structures, search, folded]);
  const fold = useCallback((region: Region) => setFolded((before) => toggled(before, region)), []);
  return (
    <section className={classes.section} aria-label="Structures">
      <div className={classes.head}>
        <TextInput
          id={SEARCH_FIELD}
          size="xs"
          aria-label="Search structures"
          placeholder={filter === 'all' ? 'search' : `search ${LIST_FILTERS[filter].toLowerCase()}`}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={({ key, currentTarget }) => {
            if (key !== 'Escape' && key !== 'Enter') return;
            if (key === 'Enter') activateFirst(rows);
            setSearch('');
            currentTarget.blur();
          }}
        />
        <FilterSwitch value={filter} onChange={setFilter} />
        <LookedMeter />
        <AllEye />
      </div>
      {rows.length === 0 && <p className={classes.none}>{emptyWords(search, filter)}</p>}
      <Rows rows={rows} onFold={fold} />
    </section>
  );
}

function emptyWords(search: string, filter: ListFilter): string {
  const which = filter === 'all' ? '' : ` that is ${LIST_FILTERS[filter].toLowerCase()}`;
  return search.trim() === ''
    ? `There is no structure${which}.`
    : `No structure${which} is called “${search}”.`;
}

/** Anew when something was drawn; the same list while the same structures pass. */
function useFiltered(filter: ListFilter): readonly Structure[] {
  const structures = useRead((state) => state.structures);
  const passing = useRead(({ structures: all, port, drawn }) =>
    filter === 'all' || port === null || drawn < 0
      ? null
      : all
          .filter((structure) => passes(filter, structure, progressOf(port)))
          .map(({ key }) => key)
          .join(' '),
  );
  return useMemo(() => {
    const keys = passing === null ? null : new Set(passing.split(' '));
    return keys === null ? structures : structures.filter(({ key }) => keys.has(key));
  }, [structures, passing]);
}

interface FilterSwitchProps {
  readonly value: ListFilter;
  readonly onChange: (value: ListFilter) => void;
}

const FILTERS = Object.keys(LIST_FILTERS) as ListFilter[];

/** All, only what is drawn, only what is unfinished: in turn. */
function FilterSwitch({ value, onChange }: FilterSwitchProps) {
  const next = FILTERS[(FILTERS.indexOf(value) + 1) % FILTERS.length] ?? 'all';
  const label = `Listed: ${LIST_FILTERS[value].toLowerCase()}. Click for ${LIST_FILTERS[next].toLowerCase()}`;
  return (
    <ActionIcon
      size={24}
      variant={value === 'all' ? 'subtle' : 'light'}
      color={value === 'all' ? 'gray' : 'accent'}
      aria-label={label}
      title={label}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onChange(next)}
    >
      <IconFilter size={15} aria-hidden />
    </ActionIcon>
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
  useEffect(() => (scroller.current === null ? undefined : keptInSight(scroller.current, at)), [at]);
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

/** The active row comes into sight, and stays there when the panel below takes room. Returns the way to stop. */
function keptInSight(scroller: HTMLElement, at: number): () => void {
  let height = Number.POSITIVE_INFINITY;
  const sizes = new ResizeObserver(() => {
    const now = scroller.clientHeight;
    if (now < height && at >= 0) bringIntoSight(scroller, at * ROW_HEIGHT);
    height = now;
  });
  sizes.observe(scroller);
  return () => sizes.disconnect();
}

function bringIntoSight(scroller: HTMLElement, top: number): void {
  const highest = top + ROW_HEIGHT - scroller.clientHeight;
  scroller.scrollTop = Math.min(top, Math.max(highest, scroller.scrollTop));
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
