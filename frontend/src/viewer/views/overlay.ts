/** What is drawn above the image in every plane: which mask, against what, and how. */
import { type LabelMap, requireSameGrid } from '../../voxels';
import type { MaskContent } from '../maskPainter';
import type { StructureView, ViewerInput } from '../port';
import { type LayerStyle, layerStyles } from '../styles';
import { heatColours } from './heat';
import type { ComparisonView, HeatMap } from './port';

export type Peek = 'none' | 'image' | 'prediction';

const WIDEST_OUTLINE_PX = 6;

interface Compared {
  readonly map: LabelMap;
  readonly how: ComparisonView;
}

export class Overlay {
  styles: readonly LayerStyle[];
  peeking: Peek = 'none';
  heatMap: HeatMap | null = null;
  private readonly mask: LabelMap;
  private readonly prediction: LabelMap | null;
  private compared: Compared | null = null;
  private instead: { readonly map: LabelMap; readonly note: string } | null = null;
  private outlinePx = 1.5;
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

  compareWith(map: LabelMap | null, how: ComparisonView): void {
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

  setOutlineWidth(pixels: number): void {
    this.outlinePx = Math.min(WIDEST_OUTLINE_PX, Math.max(0.5, pixels));
  }

  showHeatMap(shown: boolean, opacity: number): void {
    this.heatPixels = shown ? heatColours(Math.min(1, Math.max(0, opacity))) : null;
  }

  /** Null: nothing but the image. */
  content(): MaskContent | null {
    const { compared } = this;
    if (this.peeking === 'image') return null;
    if (this.peeking === 'prediction') return this.prediction && this.plain(this.prediction);
    return {
      ...this.plain(this.instead?.map ?? this.mask),
      base: compared?.how === 'difference' ? compared.map : null,
      over: compared?.how === 'overlay' ? compared.map : null,
      heat: this.heat,
    };
  }

  /** Null where it is not shown. */
  private get heat(): MaskContent['heat'] {
    return this.heatMap && this.heatPixels && { map: this.heatMap, colours: this.heatPixels };
  }

  /** The mask that stands beside: the very one that was given, not a copy. Null where there is none. */
  get beside(): LabelMap | null {
    return this.compared?.how === 'beside' ? this.compared.map : null;
  }

  besideContent(): MaskContent | null {
    if (this.peeking === 'image' || this.beside === null) return null;
    return { ...this.plain(this.beside), heat: this.heat };
  }

  private plain(map: LabelMap): MaskContent {
    const { styles, outlinePx } = this;
    return { map, base: null, over: null, styles, outlinePx, heat: null };
  }

  /** What the reader is told while the mask is not shown. */
  note(): string {
    if (this.peeking === 'none') return this.instead?.note ?? '';
    if (this.peeking === 'image') return 'Image only';
    return this.prediction === null ? 'No prediction' : 'Prediction';
  }
}
