/** What a gesture leaves to do when it ends: done at once, but not in the pointer's event, which the page waits for. */
export class Afterwards {
  private work: (() => void) | null = null;

  leave(work: () => void): void {
    this.settle();
    this.work = work;
    soon(() => this.settle());
  }

  /** Does it now: for whoever needs it done. */
  settle(): void {
    const { work } = this;
    this.work = null;
    work?.();
  }
}

/** Not in every browser yet, nor in TypeScript's types. */
interface Scheduler {
  postTask(task: () => void, options: { readonly priority: 'user-blocking' }): Promise<void>;
}

function soon(task: () => void): void {
  const { scheduler } = globalThis as { readonly scheduler?: Scheduler };
  if (scheduler === undefined) setTimeout(task, 0);
  else void scheduler.postTask(task, { priority: 'user-blocking' });
}
