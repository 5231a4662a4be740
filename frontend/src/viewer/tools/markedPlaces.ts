/** Numbered marks at places of the scan, above everything else in a plane. */
import type { ToolPane } from './host';
import type { Pen } from './pen';
import type { MarkedPlace, PlacesPort } from './port';

const OPEN = '#e0a33e';
const DONE = '#7f878e';

export class MarkedPlaces implements PlacesPort {
  private places: readonly MarkedPlace[] = [];
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  show(places: readonly MarkedPlace[]): void {
    this.places = places;
    this.changed();
  }

  paint(pen: Pen): boolean {
    const here = this.places.filter((place) => isIn(pen, place));
    for (const { at, mark, isDone, isCurrent } of here) {
      pen.badge(mark, pen.at(at), isDone ? DONE : OPEN, isCurrent);
    }
    return here.length > 0;
  }
}

/** In the slice that is nearest to the place. */
function isIn({ frame, slice }: Pick<ToolPane, 'frame' | 'slice'>, { at }: MarkedPlace): boolean {
  return Math.round(at[frame.normal]) === Math.round(slice);
}
