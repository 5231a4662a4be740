/** What makes the image look or behave unlike usual, in the line below it, each with the way back. */
import type { Assignment } from '../../../api';
import { useCompareStore } from '../compare/compareStore';
import { sourceWords } from '../compare/sources';
import { useShownKey } from '../keys/keyStore';
import { useRead } from '../readStore';
import { UNKNOWN_SPACING } from '../sizes';
import { askedWords } from './asked';
import { stopCine, useCine } from './cine';
import classes from './StatusBar.module.css';
import { SLAB_NAMES } from './slabs';

export function ViewNotes({ assignment }: { readonly assignment: Assignment }) {
  return (
    <>
      <Asked assignment={assignment} />
      <NotMeasured />
      <Playing />
      <Thick />
      <Turned />
      <Compared assignment={assignment} />
    </>
  );
}

/** Not to be put away: nothing else can be changed. */
function Asked({ assignment }: { readonly assignment: Assignment }) {
  const port = useRead((state) => state.port);
  const key = useShownKey('slice.middle');
  const { region, volume } = assignment;
  return (
    region !== null && (
      <button
        type="button"
        className={classes.note}
        title={`Nothing else can be changed, and nothing else is learned from. To the middle of it${key === '' ? '' : ` (${key})`}`}
        onClick={() => port?.goToMiddle()}
      >
        Only {askedWords(region, volume.shape)} are asked for
      </button>
    )
  );
}

/** Not to be put away either: a lead has to give the spacing. */
function NotMeasured() {
  const isMeasured = useRead((state) => state.isMeasured);
  return isMeasured ? null : <span title={UNKNOWN_SPACING}>spacing unknown: sizes in voxels</span>;
}

function Playing() {
  const plane = useCine((state) => state.playing);
  return (
    plane !== null && (
      <button type="button" className={classes.note} title="Anything you do stops it" onClick={stopCine}>
        playing {plane} ×
      </button>
    )
  );
}

/** What is seen then lies before and behind the slice, and what is drawn in it. */
function Thick() {
  const slab = useRead((state) => state.slab);
  const slab_mm = useRead((state) => state.slab_mm);
  const set = useRead((state) => state.set);
  return (
    slab !== null && (
      <button
        type="button"
        className={classes.note}
        title="Slices again. Masks, tools and HU are those of the slice in the middle of the slab."
        onClick={() => set({ slab: null })}
      >
        {SLAB_NAMES[slab]} {slab_mm} mm: drawing in the middle slice ×
      </button>
    )
  );
}

function Turned() {
  const oblique = useRead((state) => state.oblique);
  const set = useRead((state) => state.set);
  if (oblique.every((degrees) => degrees === 0)) {
    return null;
  }
  return (
    <button
      type="button"
      className={classes.note}
      title="Planes straight again. Drawing is off while they are turned."
      onClick={() => set({ oblique: [0, 0, 0] })}
    >
      oblique {oblique.map((degrees) => `${degrees}°`).join(' ')} ×
    </button>
  );
}

/** Side by side says so above the panes; over the image, another list may hide that there is a comparison at all. */
function Compared({ assignment }: { readonly assignment: Assignment }) {
  const comparison = useCompareStore((state) => state.comparison);
  const stop = useCompareStore((state) => state.stop);
  if (comparison === null || comparison.how === 'beside') {
    return null;
  }
  const { shown, base } = comparison;
  const words = [shown, ...(base === null ? [] : [base])].map((source) => sourceWords(source, assignment));
  return (
    <button type="button" className={classes.note} title="Stop comparing" onClick={stop}>
      {words.join(' against ')} ×
    </button>
  );
}
