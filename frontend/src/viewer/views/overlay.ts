/** What is drawn above the image in every plane: which mask, against what, and how. */
import { type LabelMap, requireSameGrid } from '../../voxels';
import type { MaskContent } from '../maskPainter';
import type { StructureView, ViewerInput } from '../port';
import { type LayerStyle, layerStyles } from '../styles';

export type Peek = 'none' | 'image' | 'prediction';

export class Overlay {
  styles: readonly LayerStyle[];
  peeking: Peek = 'none';
  private readonly mask: LabelMap;
  private readonly prediction: LabelMap | null;
  private base: LabelMap | null = null;
  private instead: { readonly map: LabelMap; readonly note: string } | null = null;

  constructor({ mask, prediction, structures }: ViewerInput) {
    this.mask = mask;
    this.prediction = prediction;
    this.styles = layerStyles(structures, mask.layers.length);
  }

  setStructures(structures: readonly StructureView[]): void {
    this.styles = layerStyles(structures, this.mask.layers.length);
  }

  setBase(base: LabelMap | null): void {
    if (base !== null) requireSameGrid(base, this.mask);
    this.base = base;
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

  /** Null: nothing but the image. */
  content(): MaskContent | null {
    if (this.peeking === 'image') return null;
    if (this.peeking === 'prediction') {
      return this.prediction && { map: this.prediction, base: null, styles: this.styles };
    }
    return { map: this.instead?.map ?? this.mask, base: this.base, styles: this.styles };
  }

  /** What the reader is told while the mask is not shown. */
  note(): string {
    if (this.peeking === 'none') return this.instead?.note ?? '';
    if (this.peeking === 'image') return 'Image only';
    return this.prediction === null ? 'No prediction' : 'Prediction';
  }
}
