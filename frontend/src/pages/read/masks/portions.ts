/** Long counting in short portions, so that no frame and no pointer event waits for it. */

const PORTION_MS = 8;

/** Does `step(0)` to `step(count - 1)`. False where `isGone` said so before the end. */
export async function inPortions(
  count: number,
  step: (at: number) => void,
  isGone: () => boolean = () => false,
): Promise<boolean> {
  let until = performance.now() + PORTION_MS;
  for (let at = 0; at < count; at++) {
    if (performance.now() > until) {
      await new Promise((resume) => setTimeout(resume));
      until = performance.now() + PORTION_MS;
    }
    if (isGone()) {
      return false;
    }
    step(at);
  }
  return !isGone();
}
