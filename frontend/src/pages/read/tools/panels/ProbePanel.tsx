import { useEffect, useState } from 'react';
import type { Structure } from '../../../../api';
import type { GreySummary } from '../../../../viewer';
import { signed } from '../../../words';
import { useRead } from '../../readStore';
import { useSizeWords } from '../../sizes';
import { Line } from './controls';
import classes from './controls.module.css';

/** After the last stroke: counting a large organ takes a moment. */
const REST_MS = 300;

/** How bright the active structure is as a whole: a cyst is not a metastasis, and a stray part shows in the spread. */
export function ProbePanel() {
  const active = useRead((state) => state.active);
  const voxel_ml = useRead((state) => state.voxel_ml);
  const grey = useGrey(active);
  const sizeOf = useSizeWords();
  if (active === null || grey === undefined) {
    return null;
  }
  if (grey === null) {
    return <p className={classes.hint}>Nothing of {active.name} is drawn, or its slices are not here yet.</p>;
  }
  const { mean_hu, sd_hu, median_hu, middle_hu, voxels, isPart } = grey;
  return (
    <section aria-label={`Grey values of ${active.name}`}>
      <p className={classes.hint}>
        {active.name}
        {voxel_ml === null ? '' : `, ${sizeOf(voxels * voxel_ml)}`}
        {isPart ? ' (of the slices that are here)' : ''}
      </p>
      <Line label="Mean">
        <span>
          {signed(mean_hu)} ± {signed(sd_hu)} HU (SD)
        </span>
      </Line>
      <Line label="Median">
        <span>{signed(median_hu, 0)} HU</span>
      </Line>
      <Line label="5–95 %">
        <span>
          {signed(middle_hu[0], 0)} … {signed(middle_hu[1], 0)} HU
        </span>
      </Line>
    </section>
  );
}

/** Undefined until it was counted; counted anew after each stroke and when slices have arrived. */
function useGrey(active: Structure | null): GreySummary | null | undefined {
  const port = useRead((state) => state.port);
  const drawn = useRead((state) => state.drawn);
  const isLoaded = useRead(({ progress }) => progress?.level === 0);
  const [grey, setGrey] = useState<GreySummary | null>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: strokes and slices change what is counted
  useEffect(() => {
    if (port === null || active === null) {
      return undefined;
    }
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      const counted = port.views.greyOf(active, leaving.signal);
      void counted.then((found) => !leaving.signal.aborted && setGrey(found));
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [port, active, drawn, isLoaded]);
  return grey;
}
