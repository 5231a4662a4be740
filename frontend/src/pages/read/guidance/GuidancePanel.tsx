import { ActionIcon, Checkbox, Slider, Switch, UnstyledButton } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import type { MouseEvent } from 'react';
import type { Structure, SuspiciousRegion } from '../../../api';
import classes from './GuidancePanel.module.css';
import { useGuidanceStore } from './guidanceStore';
import { reasonSentence, sizeWords, walkWords } from './regions';
import { toggleHeatMap } from './useGuidance';

/** The ranked places where the prediction deserves a look, and the heat map behind them. */
export function GuidancePanel({ structures }: { readonly structures: readonly Structure[] }) {
  const regions = useGuidanceStore((state) => state.regions);
  const sentence = useGuidanceStore((state) => state.sentence);
  return (
    <section className={classes.section} aria-label="Guidance">
      <HeatMapLine />
      {regions === null && <p className={classes.quiet}>Fetching the suspicious regions…</p>}
      {regions?.length === 0 && (
        <p className={classes.quiet}>{sentence || 'The model was sure everywhere. Look all the same.'}</p>
      )}
      {regions !== null && regions.length > 0 && <RegionList regions={regions} structures={structures} />}
    </section>
  );
}

/** A click must not take the keys away from the image. */
function keepKeys(event: MouseEvent): void {
  event.preventDefault();
}

/** `Next suspicious (N): 3 of 11`, with the region it stands at. */
export function GuidanceLine() {
  const count = useGuidanceStore((state) => state.regions?.length ?? 0);
  const current = useGuidanceStore((state) => state.current);
  const done = useGuidanceStore((state) => state.done.size);
  const { walk } = useGuidanceStore.getState();
  return (
    <div className={`${classes.line} ${classes.below}`}>
      <span className={classes.words} role="status" title={`${done} of ${count} done`}>
        {walkWords(count, current)}
      </span>
      <ActionIcon
        size={22}
        variant="subtle"
        color="gray"
        aria-label="Previous suspicious region"
        title="Previous suspicious region (Shift-N)"
        disabled={count === 0}
        onMouseDown={keepKeys}
        onClick={() => walk(-1)}
      >
        <IconChevronLeft size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon
        size={22}
        variant="subtle"
        color="gray"
        aria-label="Next suspicious region"
        title="Next suspicious region (N)"
        disabled={count === 0}
        onMouseDown={keepKeys}
        onClick={() => walk(1)}
      >
        <IconChevronRight size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}

function HeatMapLine() {
  const hasHeat = useGuidanceStore((state) => state.hasHeat);
  const isShown = useGuidanceStore((state) => state.isHeatShown);
  const opacity = useGuidanceStore((state) => state.heatOpacity);
  const { setHeat } = useGuidanceStore.getState();
  return (
    <div className={classes.line}>
      <Switch
        size="xs"
        label="Heat map"
        title={
          hasHeat ? 'Where the model is unsure (Shift-H)' : 'This prediction was made without a heat map.'
        }
        disabled={!hasHeat}
        checked={hasHeat && isShown}
        onChange={toggleHeatMap}
      />
      <Slider
        className={classes.slider}
        size="xs"
        min={10}
        max={100}
        label={(percent) => `${percent} %`}
        thumbLabel="Opacity of the heat map"
        disabled={!hasHeat || !isShown}
        value={Math.round(opacity * 100)}
        onChange={(percent) => setHeat({ heatOpacity: percent / 100 })}
      />
    </div>
  );
}

interface RegionListProps {
  readonly regions: readonly SuspiciousRegion[];
  readonly structures: readonly Structure[];
}

function RegionList({ regions, structures }: RegionListProps) {
  return (
    <ol className={classes.list}>
      {regions.map((region, at) => (
        <RegionRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a region is its rank, and ranks do not change
          key={at}
          at={at}
          region={region}
          structure={structures.find(
            ({ layer, value }) => layer === region.layer && value === region.structure,
          )}
        />
      ))}
    </ol>
  );
}

interface RegionRowProps {
  readonly at: number;
  readonly region: SuspiciousRegion;
  readonly structure: Structure | undefined;
}

function RegionRow({ at, region, structure }: RegionRowProps) {
  const isCurrent = useGuidanceStore((state) => state.current === at);
  const isDone = useGuidanceStore((state) => state.done.has(at));
  const { show, toggleDone } = useGuidanceStore.getState();
  const reason = reasonSentence(region);
  return (
    <li className={classes.row} data-current={isCurrent || undefined} data-done={isDone || undefined}>
      <UnstyledButton
        className={classes.choose}
        aria-current={isCurrent || undefined}
        title={region.centre_ijk === null ? 'There is no place to go to' : 'Go there'}
        onMouseDown={keepKeys}
        onClick={() => show(at)}
      >
        <span className={classes.rank}>{at + 1}</span>
        <span className={classes.about}>
          <span className={classes.name}>
            <span className={classes.dot} style={{ background: structure?.colour ?? 'var(--muted)' }} />
            <span className={classes.words}>{structure?.name ?? 'Outside the structures'}</span>
            <span className={classes.size}>{sizeWords(region)}</span>
          </span>
          <span className={classes.reason}>{reason}</span>
        </span>
      </UnstyledButton>
      <Checkbox
        size="xs"
        classNames={{ input: classes.tick ?? '' }}
        aria-label={`Done: ${reason}`}
        title="Done"
        checked={isDone}
        onChange={(event) => {
          toggleDone(at);
          event.currentTarget.blur();
        }}
      />
    </li>
  );
}
