import type { StructureView } from './port';

const DEFAULT_OPACITY = 0.35;

/** How the values of one layer are drawn, looked up by value. */
export interface LayerStyle {
  /** Colour and opacity of the fill as one pixel of an ImageData (little endian RGBA); 0 for nothing. */
  readonly fill: Uint32Array;
  /** The same for voxels that were added against a base: nearly solid. */
  readonly added: Uint32Array;
  readonly visible: Uint8Array;
  /** 1 where a visible structure has an outline. */
  readonly outlined: Uint8Array;
  readonly colour: readonly (string | undefined)[];
}

const ADDED_OPACITY = 0.7;

export function layerStyles(structures: readonly StructureView[], layerCount: number): readonly LayerStyle[] {
  return Array.from({ length: layerCount }, (_, layer) =>
    styleOf(structures.filter((structure) => structure.layer === layer)),
  );
}

function styleOf(structures: readonly StructureView[]): LayerStyle {
  const fill = new Uint32Array(256);
  const added = new Uint32Array(256);
  const visible = new Uint8Array(256);
  const outlined = new Uint8Array(256);
  const colour: (string | undefined)[] = new Array(256).fill(undefined);
  for (const structure of structures) {
    colour[structure.value] = structure.colour;
    if (!structure.visible) continue;
    const { value, opacity = DEFAULT_OPACITY, drawing = 'both' } = structure;
    fill[value] = drawing === 'outline' ? 0 : pixel(structure.colour, opacity);
    added[value] = pixel(structure.colour, ADDED_OPACITY);
    visible[value] = 1;
    outlined[value] = drawing === 'fill' ? 0 : 1;
  }
  return { fill, added, visible, outlined, colour };
}

function pixel(colour: string, opacity: number): number {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  const [red, green, blue] = (match ?? []).slice(1).map((part) => Number.parseInt(part, 16));
  const alpha = Math.round(Math.min(1, Math.max(0, opacity)) * 255);
  // Grey for a colour that cannot be read: the structure must not vanish.
  return ((alpha << 24) | ((blue ?? 128) << 16) | ((green ?? 128) << 8) | (red ?? 128)) >>> 0;
}
