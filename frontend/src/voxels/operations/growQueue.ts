/**
 * Queue of nodes by whole-number cost, for shortest paths whose steps cost at most `widest`: a ring of buckets.
 *
 * Costs may only be pushed from the cost last popped up to `widest` above it; then taking the next node costs no
 * comparison. A node pushed again at a lower cost stays in its old bucket as well: the caller skips it there.
 */
export class BucketQueue {
  /** Cost of the node popped last. */
  cost = 0;
  private readonly mask: number;
  /** First entry of each bucket; -1 for none. */
  private readonly heads: Int32Array;
  private node = new Int32Array(1 << 16);
  private next = new Int32Array(1 << 16);
  private free = -1;
  private used = 0;
  private waiting = 0;

  constructor(widest: number) {
    const buckets = 2 ** Math.ceil(Math.log2(widest + 1));
    this.mask = buckets - 1;
    this.heads = new Int32Array(buckets).fill(-1);
  }

  push(node: number, cost: number): void {
    let entry = this.free;
    if (entry >= 0) this.free = this.next[entry];
    else {
      if (this.used === this.node.length) this.enlarge();
      entry = this.used++;
    }
    const bucket = cost & this.mask;
    this.node[entry] = node;
    this.next[entry] = this.heads[bucket];
    this.heads[bucket] = entry;
    this.waiting += 1;
  }

  /** A node of the lowest cost; -1 when none is left. */
  pop(): number {
    if (this.waiting === 0) return -1;
    let bucket = this.cost & this.mask;
    while (this.heads[bucket] < 0) {
      this.cost += 1;
      bucket = this.cost & this.mask;
    }
    const entry = this.heads[bucket];
    this.heads[bucket] = this.next[entry];
    this.next[entry] = this.free;
    this.free = entry;
    this.waiting -= 1;
    return this.node[entry];
  }

  private enlarge(): void {
    const [node, next] = [this.node, this.next];
    this.node = new Int32Array(node.length * 2);
    this.node.set(node);
    this.next = new Int32Array(next.length * 2);
    this.next.set(next);
  }
}
