/** What is drawn above the image in every plane: which mask, against what, and how. */
import { type LabelMap, requireSameGrid } from '../../voxels';
import type { Drawing, MaskContent } from '../maskPainter';
import type { StructureView, ViewerInput } from '../port';
import { type LayerStyle, layerStyles } from '../styles';
import { heatColours } from './heat';
import type { HeatMap } from './port';

export type Peek = 'none' | 'image' | 'prediction';

const WIDEST_OUTLINE_PX = 6;

interface Compared {
  readonly map: LabelMap;
  readonly how: 'difference' | 'overlay';
}

export class Overlay {
  styles: readonly LayerStyle[];
  peeking: Peek = 'none';
  heatMap: HeatMap | null = null;
  private readonly mask: LabelMap;
  private readonly prediction: LabelMap | null;
  private compared: Compared | null = null;
  private instead: { readonly map: LabelMap; readonly note: string } | null = null;
  private drawing: Drawing = { fill: true, outline: true, outlinePx: 1.5 };
  /** Null while the heat map is not shown. */
  private heatPixels: Uint32Array | null = null;

  constructor({ mask, prediction, structures }: ViewerInput) {
    this.mask = mask;
    this.prediction = prediction;
    this.styles = layerStyles(structures, mask.layers.length);
  }

  setStructures(structures: readonly StructureView[]): void {
    this.styles = layerStyles(structures, this.mask.layers.length);
  }

  compareWith(map: LabelMap | null, how: 'difference' | 'overlay'): void {
    if (map !== null) requireSameGrid(map, this.mask);
    this.compared = map && { map, how };
  }

  /** Another mask in place of the own one, under a name that the planes show; null: the own one again. */
  setInstead(map: LabelMap | null, note: string): void {
    if (map !== null) requireSameGrid(map, this.mask);
    this.instead = map && { map, note };
  }

  /** Whether what is seen is what would be drawn on. */
  get showsOwn(): boolean {
    return this.peeking === 'none' && this.instead === null;
  }

  setDrawing(how: 'both' | 'outline' | 'fill'): void {
    this.drawing = { ...this.drawing, fill: how !== 'outline', outline: how !== 'fill' };
  }

  setOutlineWidth(pixels: number): void {
    this.drawing = { ...this.drawing, outlinePx: Math.min(WIDEST_OUTLINE_PX, Math.max(0.5, pixels)) };
  }

  showHeatMap(shown: boolean, opacity: number): void {
    this.heatPixels = shown ? heatColours(Math.min(1, Math.max(0, opacity))) : null;
  }

  /** Null: nothing but the image. */
  content(): MaskContent | null {
    const { styles, drawing, compared } = this;
    if (this.peeking === 'image') return null;
    if (this.peeking === 'prediction') {
      return this.prediction && { map: this.prediction, base: null, over: null, styles, drawing, heat: null };
    }
    return {
      map: this.instead?.map ?? this.mask,
      base: compared?.how === 'difference' ? compared.map : null,
      over: compared?.how === 'overlay' ? compared.map : null,
      styles,
      drawing,
      heat: this.heatMap && this.heatPixels && { map: this.heatMap, colours: this.heatPixels },
    };
  }

  /** What the reader is told while the mask is not shown. */
  note(): string {
    if (this.peeking === 'none') return this.instead?.note ?? '';
    if (this.peeking === 'image') return 'Image only';
    return this.prediction === null ? 'No prediction' : 'Prediction';
  }
}
