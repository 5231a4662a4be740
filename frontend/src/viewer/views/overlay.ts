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

  /** Null: nothing but the image. */
  content(): MaskContent | null {
    if (this.peeking === 'image') return null;
    if (this.peeking === 'prediction') {
      return this.prediction && { map: this.prediction, base: null, styles: this.styles };
    }
    return { map: this.mask, base: this.base, styles: this.styles };
  }

  /** What the reader is told while the mask is not shown. */
  note(): string {
    if (this.peeking === 'none') return '';
    if (this.peeking === 'image') return 'Image only';
    return this.prediction === null ? 'No prediction' : 'Prediction';
  }
}
