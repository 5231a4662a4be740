import { MultiSelect, Switch, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { Structure } from '../../../api';
import { type EditMask, NO_MASK, PLANE_AXIS } from '../../../voxels';
import { useRead } from '../readStore';
import { leaveList } from '../returnKeys';
import { paintWords } from './paintWords';
import { Bounds, Choice, HuRangeControl, Line } from './panels/controls';
import classes from './ToolOptions.module.css';

const AREAS: Readonly<Record<EditMask['area'], string>> = {
  anywhere: 'Any',
  inside: 'Inside',
  outside: 'Outside',
  background: 'Empty',
};

/** Where painting may change anything, besides locked structures; one line until it is opened. */
export function PaintLimits() {
  const paint = useRead((state) => state.paint);
  const structures = useRead((state) => state.structures);
  const set = useRead((state) => state.set);
  const change = (part: Partial<EditMask>): void => set({ paint: { ...paint, ...part } });
  const words = paintWords(paint, structures);
  const [isOpen, setOpen] = useState(false);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <section className={classes.section} aria-label="Where painting is allowed">
      <div className={classes.head}>
        <UnstyledButton className={classes.fold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Chevron size={14} aria-hidden />
          Paint: <span data-limited={words !== null || undefined}>{words ?? 'anywhere'}</span>
        </UnstyledButton>
        {words !== null && (
          <UnstyledButton className={classes.clear} onClick={() => set({ paint: NO_MASK })}>
            Clear
          </UnstyledButton>
        )}
      </div>
      {isOpen && (
        <>
          <Area paint={paint} onChange={change} />
          <HuLimit paint={paint} onChange={change} />
          <SliceLimit paint={paint} onChange={change} />
        </>
      )}
    </section>
  );
}

interface PartProps {
  readonly paint: EditMask;
  readonly onChange: (part: Partial<EditMask>) => void;
}

function Area({ paint, onChange }: PartProps) {
  const { area } = paint;
  const active = useRead((state) => state.active);
  const structures = useRead((state) => state.structures);
  const choose = (next: EditMask['area']): void =>
    onChange({ area: next, structures: firstChoice(next, active, structures).map(refOf) });
  return (
    <>
      <Choice label="Where" choices={AREAS} value={area} onChange={choose} />
      {(area === 'inside' || area === 'outside') && <Chosen paint={paint} onChange={onChange} />}
    </>
  );
}

/** Inside the structure in hand, outside all the others: what is meant most of the time. */
export function firstChoice(
  area: EditMask['area'],
  active: Structure | null,
  structures: readonly Structure[],
): readonly Structure[] {
  if (area === 'inside') {
    return active === null ? [] : [active];
  }
  return area === 'outside' ? structures.filter(({ key }) => key !== active?.key) : [];
}

function refOf({ layer, value }: Structure) {
  return { layer, value };
}

/** More than these are counted, not listed. */
const MOST_LISTED = 8;

function Chosen({ paint, onChange }: PartProps) {
  const structures = useRead((state) => state.structures);
  const isChosen = ({ layer, value }: Structure): boolean =>
    paint.structures.some((one) => one.layer === layer && one.value === value);
  const chosen = structures.filter(isChosen).map(({ key }) => key);
  if (chosen.length > MOST_LISTED) {
    return (
      <div className={classes.many}>
        <span>{chosen.length} structures</span>
        <UnstyledButton className={classes.clear} onClick={() => onChange({ structures: [] })}>
          Choose which
        </UnstyledButton>
      </div>
    );
  }
  return (
    <MultiSelect
      size="xs"
      aria-label={`${AREAS[paint.area]} these structures`}
      searchable
      hidePickedOptions
      limit={40}
      maxDropdownHeight={220}
      onDropdownClose={leaveList}
      classNames={{ pillsList: classes.pills ?? '' }}
      data={structures.map(({ key, name }) => ({ value: key, label: name }))}
      value={chosen}
      onChange={(keys) =>
        onChange({ structures: structures.filter(({ key }) => keys.includes(key)).map(refOf) })
      }
    />
  );
}

const SOFT_TISSUE_HU = [-50, 200] as const;

function HuLimit({ paint: { hu }, onChange }: PartProps) {
  return (
    <>
      <Switch
        size="xs"
        label="Only a range of HU"
        checked={hu !== null}
        onChange={(event) => onChange({ hu: event.currentTarget.checked ? SOFT_TISSUE_HU : null })}
      />
      {hu !== null && (
        <HuRangeControl label="Range" value={hu} onChange={(range) => onChange({ hu: range })} />
      )}
    </>
  );
}

function SliceLimit({ paint: { slices }, onChange }: PartProps) {
  const turn = (on: boolean): void => {
    const { port } = useRead.getState();
    const plane = port?.tools.plane() ?? 'axial';
    const slice = port?.views.slices[plane] ?? 0;
    onChange({ slices: on ? { plane, first: slice, last: slice } : null });
  };
  return (
    <>
      <Switch
        size="xs"
        label="Only these slices"
        checked={slices !== null}
        onChange={(event) => turn(event.currentTarget.checked)}
      />
      {slices !== null && <SliceSpan slices={slices} onChange={onChange} />}
    </>
  );
}

interface SliceSpanProps extends Pick<PartProps, 'onChange'> {
  readonly slices: NonNullable<EditMask['slices']>;
}

function SliceSpan({ slices, onChange }: SliceSpanProps) {
  const { plane, first, last } = slices;
  const shape = useRead((state) => state.port?.engine.map.shape);
  const most = (shape?.[PLANE_AXIS[plane]] ?? 1) - 1;
  return (
    <Line label={plane}>
      <Bounds
        labels={['First slice', 'Last slice']}
        least={0}
        most={most}
        value={[first, last]}
        onChange={([from, to]) => onChange({ slices: { plane, first: from, last: to } })}
      />
    </Line>
  );
}
