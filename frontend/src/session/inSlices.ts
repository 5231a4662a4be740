const SLICE_MS = 8;

/** Runs steps to their end, letting the page breathe between slices of a few milliseconds. */
export async function inSlices<Result>(steps: Generator<unknown, Result>): Promise<Result> {
  let until = performance.now() + SLICE_MS;
  let next = steps.next();
  while (next.done !== true) {
    if (performance.now() >= until) {
      await new Promise((resume) => setTimeout(resume, 0));
      until = performance.now() + SLICE_MS;
    }
    next = steps.next();
  }
  return next.value;
}
