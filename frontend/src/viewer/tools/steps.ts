/** Long work on the page in short pieces, so that the page answers in between. */

/** Work between two pauses. */
const WORK_MS = 8;

/** Runs a generator to its end, with a pause after each piece of about WORK_MS. */
export async function inSteps<Result>(
  steps: Generator<number, Result>,
  onShare: (share: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Result> {
  let began = performance.now();
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    if (performance.now() - began < WORK_MS) continue;
    onShare(next.value);
    await pause();
    signal?.throwIfAborted();
    began = performance.now();
  }
}

/** Lets input and frames through; a timer would wait at least 4 ms each time. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
