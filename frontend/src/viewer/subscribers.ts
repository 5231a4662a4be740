/** Those who asked to be told. */
export class Subscribers<Value> {
  private readonly callbacks = new Set<(value: Value) => void>();

  add(callback: (value: Value) => void): () => void {
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  tell(value: Value): void {
    for (const callback of [...this.callbacks]) callback(value);
  }

  clear(): void {
    this.callbacks.clear();
  }
}
