/** What is under the pointer, and how the pointer looks there. */
import { type Ijk, indexToLps, type LabelMap } from '../../voxels';
import type { ImageSlices } from '../imageSlices';
import type { ScreenPoint } from '../planeFrame';
import type { PlanePane } from '../planePane';
import type { Brush, Cursor, StructureView, ViewerVolume, VoiWindow } from '../port';
import type { LayerStyle } from '../styles';
import type { PointerTool } from './port';
import { isBrush } from './strokes';

/** The pane under the pointer and where in it. */
export interface Hovered {
  readonly pane: PlanePane;
  readonly at: ScreenPoint;
}

const POINTERS: Readonly<Record<PointerTool, string>> = {
  brush: 'not-allowed',
  eraser: 'not-allowed',
  threshold_brush: 'not-allowed',
  accept_brush: 'not-allowed',
  draw: 'crosshair',
  scissors: 'crosshair',
  level_tracing: 'crosshair',
  flood_fill: 'crosshair',
  pick: 'crosshair',
  probe: 'crosshair',
  length: 'crosshair',
  bidirectional: 'crosshair',
  angle: 'crosshair',
  ellipse: 'crosshair',
  pan: 'grab',
  zoom: 'zoom-in',
  window: 'ns-resize',
  crosshair: 'crosshair',
};

const NEUTRAL = '#d5d9dd';

export interface CursorSource {
  readonly volume: ViewerVolume;
  readonly image: ImageSlices;
  readonly mask: LabelMap;
  readonly styles: readonly LayerStyle[];
  readonly window: VoiWindow;
}

/** The voxel under the pointer, or the one at the crosshair while the pointer is not on the scan. */
export function readCursor(
  source: CursorSource,
  hovered: Hovered | null,
  crosshair: Ijk,
  fallback: PlanePane | undefined,
): Cursor {
  const { volume, image, mask, styles, window } = source;
  const over = hovered?.pane.isOnScan(hovered.at) ? hovered : null;
  const voxel = over === null ? crosshair : over.pane.voxelAt(over.at);
  const pane = over?.pane ?? fallback;
  const layer = styles.findIndex(({ visible }, n) => visible[mask.valueAt(n, voxel)] === 1);
  return {
    ijk: voxel,
    lps: indexToLps(volume, voxel),
    hu: image.huAt(voxel),
    structure: layer < 0 ? null : { layer, value: mask.valueAt(layer, voxel) },
    window,
    zoom: pane === undefined ? 1 : pane.view.pixelsPerMm * volume.spacing_mm[pane.frame.across],
  };
}

/** What the probe says of a voxel: HU, structures, and where it is in the patient, if that is known. */
export function describeVoxel(
  { volume, mask, image }: CursorSource,
  structures: readonly StructureView[],
  index: Ijk,
): readonly string[] {
  const hu = image.huAt(index);
  const here = structures.filter(({ layer, value }) => mask.valueAt(layer, index) === value);
  const [left, posterior, superior] = indexToLps(volume, index);
  const point = `${along(left, 'L', 'R')}  ${along(posterior, 'P', 'A')}  ${along(superior, 'S', 'I')} mm`;
  return [
    hu === null ? 'still loading' : `${hu} HU`,
    here.length === 0 ? 'no structure' : here.map(({ name }) => name).join(', '),
    ...(volume.spacing_known === false ? [] : [point]),
    `(${index.join(', ')})`,
  ];
}

function along(value_mm: number, positive: string, negative: string): string {
  return `${value_mm < 0 ? negative : positive} ${Math.abs(value_mm).toFixed(1)}`;
}

/** Draws the brush as large as it paints, or the tool's pointer; `canDraw` false warns before the reader tries. */
export function showPointer(
  { pane, at }: Hovered,
  tool: PointerTool,
  brush: Brush,
  canDraw: boolean,
  colour: string | undefined,
): void {
  const drawing = canDraw && isBrush(tool);
  pane.root.style.cursor = drawing ? 'none' : POINTERS[tool];
  if (!drawing) {
    pane.marks.hideBrush();
    return;
  }
  const shown = tool === 'eraser' ? NEUTRAL : (colour ?? NEUTRAL);
  pane.marks.brush(at, brush.radius_mm * pane.view.pixelsPerMm, shown);
}
