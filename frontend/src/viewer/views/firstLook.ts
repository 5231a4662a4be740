/** The image of a case that is being opened, before there is a mask: what was fetched ahead, in the planes. */
import { type Box, type Ijk, PLANES, type Plane } from '../../voxels';
import { IncomingImage } from '../imageLoader';
import { ImageSlices } from '../imageSlices';
import { planeFrame } from '../planeFrame';
import { type PaneScene, PlanePane } from '../planePane';
import type { ViewerInput } from '../port';
import { warmEngine } from '../warm';
import { middleOf } from './bounds';
import { WindowTable } from './imagePainter';
import { SOFT_TISSUE } from './planes';
import { watchAhead } from './prefetch';

export type FirstLookInput = Pick<ViewerInput, 'volume' | 'imageUrl' | 'window' | 'bounds'>;

/**
 * Shows what `prefetchImage` brings in, as a viewer that is opened afterwards shows it first. Only to look at.
 * Returns the way to take it away.
 */
export function showFirst(
  elements: Readonly<Partial<Record<Plane, HTMLDivElement>>>,
  { volume, imageUrl, window, bounds = null }: FirstLookInput,
): () => void {
  const { shape, spacing_mm, spacing_known } = volume;
  const image = new ImageSlices(shape);
  const middle = middleOf(shape, bounds);
  const scene = new ImageOnly(image, new WindowTable(window ?? SOFT_TISSUE), middle, bounds);
  const panes = PLANES.flatMap((plane) => {
    const element = elements[plane];
    const frame = planeFrame(plane, shape, spacing_mm, spacing_known);
    return element ? [new PlanePane(element, frame, shape, scene)] : [];
  });
  const source = { url: imageUrl, levels: volume.levels, chunkSlices: volume.chunk_slices };
  const incoming = new IncomingImage(source, image, {
    centreSlice: () => middle[2],
    onSlices(first, count) {
      for (const pane of panes) pane.imageArrived(first, count);
      // While the masks come, there is little else to do.
      warmEngine();
    },
    onProgress() {},
  });
  const stop = watchAhead(imageUrl, ({ name, voxels }) => incoming.put(name, voxels));
  return () => {
    stop();
    for (const pane of panes) pane.remove();
  };
}

class ImageOnly implements PaneScene {
  readonly slab = null;
  readonly image: ImageSlices;
  readonly table: WindowTable;
  readonly bounds: Box | null;
  private readonly middle: Ijk;

  constructor(image: ImageSlices, table: WindowTable, middle: Ijk, bounds: Box | null) {
    this.bounds = bounds;
    this.image = image;
    this.table = table;
    this.middle = middle;
  }

  content(): null {
    return null;
  }

  crosshair(): Ijk {
    return this.middle;
  }

  looked(): void {}
}
