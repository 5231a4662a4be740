/** The HU of all voxels of one structure, collected slice by slice and told in a few figures. */

const LEAST_HU = -1024;
const MOST_HU = 3071;

export interface GreySummary {
  readonly voxels: number;
  readonly mean_hu: number;
  /** Of the voxels themselves, not of a sample of something larger. */
  readonly sd_hu: number;
  readonly median_hu: number;
  /** Five of a hundred voxels are darker than the first, five brighter than the second. */
  readonly middle_hu: readonly [number, number];
  /** Whether slices with voxels of the structure have not arrived in full: those are left out. */
  readonly isPart: boolean;
}

export class GreyValues {
  private readonly histogram = new Uint32Array(MOST_HU - LEAST_HU + 1);
  private voxels = 0;
  private sum = 0;
  private squares = 0;
  private isPart = false;

  /** One slice: labels, the structure's value, and the HU of the slice; null where they are not here yet. */
  take(labels: Uint8Array, value: number, hu: Int16Array | null): void {
    const first = labels.indexOf(value);
    if (first < 0) return;
    if (hu === null) {
      this.isPart = true;
      return;
    }
    const last = labels.lastIndexOf(value);
    for (let p = first; p <= last; p++) {
      if (labels[p] === value) this.note(hu[p] as number);
    }
  }

  private note(hu: number): void {
    const bin = Math.min(MOST_HU, Math.max(LEAST_HU, hu)) - LEAST_HU;
    this.histogram[bin] = (this.histogram[bin] as number) + 1;
    this.voxels += 1;
    this.sum += hu;
    this.squares += hu * hu;
  }

  /** Null where there was no voxel. */
  summary(): GreySummary | null {
    const { voxels, sum, squares, isPart } = this;
    if (voxels === 0) return null;
    const mean_hu = sum / voxels;
    const sd_hu = Math.sqrt(Math.max(0, squares / voxels - mean_hu ** 2));
    const middle_hu = [this.below(0.05), this.below(0.95)] as const;
    return { voxels, mean_hu, sd_hu, median_hu: this.below(0.5), middle_hu, isPart };
  }

  /** The least HU that so large a share of the voxels does not exceed. */
  private below(share: number): number {
    let left = share * this.voxels;
    for (let bin = 0; bin < this.histogram.length; bin++) {
      left -= this.histogram[bin] as number;
      if (left <= 0) return bin + LEAST_HU;
    }
    return MOST_HU;
  }
}
