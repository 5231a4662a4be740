/** What slices held before a stroke, and where the brush came: only what the stroke came to takes memory. */
import type { RunBuilder, SliceRuns } from '../edits';
import { type QuickVoxels, quickVoxels, type SliceChanges } from './step';

const BLOCK_BITS = 6;
const BLOCK = 1 << BLOCK_BITS;
const PAGE = 1 << 20;

/** Memory for blocks of voxels, which grows by pages and is used again by the next stroke. */
export class BlockStore {
  private readonly pages: QuickVoxels[] = [];
  private used = 0;

  /** Everything that was kept is forgotten; some of the memory stays. */
  clear(mostPages: number): void {
    this.used = 0;
    this.pages.length = Math.min(this.pages.length, mostPages);
  }

  /** Keeps voxels, at most a page of them. Where they are now. */
  put(voxels: Uint8Array): number {
    const room = (voxels.length + BLOCK - 1) & -BLOCK;
    if ((this.used % PAGE) + room > PAGE) this.used += PAGE - (this.used % PAGE);
    const at = this.used;
    const page = Math.floor(at / PAGE);
    if (page === this.pages.length) this.addPage();
    this.pages[page].bytes.set(voxels, at % PAGE);
    this.used += room;
    return at;
  }

  pageOf(at: number): QuickVoxels {
    return this.pages[Math.floor(at / PAGE)];
  }

  /** Has so many pages ready; false where it had them. */
  prepare(pages: number): boolean {
    if (this.pages.length >= pages) return false;
    this.addPage();
    return true;
  }

  private addPage(): void {
    const bytes = new Uint8Array(PAGE);
    // The system gives memory when it is written, which takes longer than the writing.
    bytes.fill(1);
    this.pages.push({ bytes, words: new Uint32Array(bytes.buffer) });
  }
}

/** One slice, in blocks of positions. */
export class SliceBefore {
  private readonly store: BlockStore;
  /** One more than where a block's voxels are kept; 0 for none. */
  private readonly places: Int32Array;
  private readonly columns: number;
  /** First column, and end, of what the brush covered in each row. */
  private readonly low: Int32Array;
  private readonly high: Int32Array;
  /** 1 for rows in which the brush left something out in between. */
  private readonly broken: Uint8Array;

  constructor(length: number, columns: number, store: BlockStore) {
    this.store = store;
    this.places = new Int32Array(Math.ceil(length / BLOCK));
    this.columns = columns;
    this.low = new Int32Array(length / columns).fill(columns);
    this.high = new Int32Array(length / columns);
    this.broken = new Uint8Array(length / columns);
  }

  clear(): void {
    this.places.fill(0);
    this.low.fill(this.columns);
    this.high.fill(0);
    this.broken.fill(0);
  }

  /** Where in its row the brush was already, if that and the span are one piece; else -1. */
  doneFrom(start: number, count: number): number {
    const { columns, low, high } = this;
    const column = start % columns;
    const row = (start - column) / columns;
    const isApart = column + count < low[row] || column > high[row] || column + count > columns;
    return isApart || high[row] === 0 || this.broken[row] === 1 ? -1 : start - column + low[row];
  }

  /** Where that ends. */
  doneTo(start: number): number {
    const column = start % this.columns;
    return start - column + this.high[(start - column) / this.columns];
  }

  keep(voxels: Uint8Array, first: number, last: number): void {
    const { places } = this;
    const end = (last >> BLOCK_BITS) + 1;
    let block = first >> BLOCK_BITS;
    while (block < end) {
      const from = block;
      const most = Math.min(end, from + PAGE / BLOCK);
      while (block < most && places[block] === 0) block += 1;
      if (block > from) {
        const at = this.store.put(voxels.subarray(from << BLOCK_BITS, block << BLOCK_BITS));
        for (let n = from; n < block; n++) places[n] = at + ((n - from) << BLOCK_BITS) + 1;
      }
      while (block < end && places[block] !== 0) block += 1;
    }
  }

  /** Notes how `now` differs from what was kept. */
  compare(now: Uint8Array, changes: SliceChanges): SliceChanges {
    const { places, store } = this;
    const quick = quickVoxels(now);
    for (let block = 0; block < places.length; ) {
      const first = block;
      block += 1;
      if (places[first] === 0) continue;
      const at = places[first] - 1;
      // Blocks that were kept together are compared together.
      const most = first + ((PAGE - (at % PAGE)) >> BLOCK_BITS);
      while (block < most && places[block] === at + 1 + ((block - first) << BLOCK_BITS)) block += 1;
      const start = first << BLOCK_BITS;
      const count = Math.min((block - first) << BLOCK_BITS, now.length - start);
      const page = store.pageOf(at);
      if (quick === null) changes.compare(start, count, page.bytes, at % PAGE, now, start);
      else changes.compareQuick(start, count, page, at % PAGE, quick);
    }
    return changes;
  }

  /** The brush came over these positions. */
  cover(start: number, count: number, stride: number): void {
    const { columns, low, high, broken } = this;
    let column = start % columns;
    let row = (start - column) / columns;
    for (let left = count; left > 0; row++) {
      // Along a row a span is one piece; along a column, one voxel of each row.
      const here = stride === 1 ? Math.min(left, columns - column) : 1;
      if (high[row] > 0 && (column > high[row] || column + here < low[row])) broken[row] = 1;
      if (column < low[row]) low[row] = column;
      if (column + here > high[row]) high[row] = column + here;
      left -= here;
      if (stride === 1) column = 0;
    }
  }

  /** Runs of one value, made longer over voxels of that value as far as the brush came in the row. */
  widened(
    { layer, k, starts, lengths }: SliceRuns,
    now: Uint8Array,
    value: number,
    builder: RunBuilder,
  ): SliceRuns {
    const { columns, low, high } = this;
    builder.clear();
    let done = 0;
    for (let r = 0; r < starts.length; r++) {
      const end = starts[r] + lengths[r];
      let start = Math.max(done, starts[r]);
      while (start < end) {
        const first = start - (start % columns);
        const row = first / columns;
        const from = Math.max(done, first + low[row]);
        const to = first + high[row];
        let stop = Math.min(end, first + columns);
        while (start > from && now[start - 1] === value) start -= 1;
        while (stop < to && now[stop] === value) stop += 1;
        builder.add(start, value, stop - start);
        done = stop;
        start = stop;
      }
    }
    return builder.build(layer, k);
  }
}
