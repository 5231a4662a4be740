/** When somebody last touched this page: a page that is left open keeps nobody signed in. */

const HEADER = 'X-Person-Active';
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

let touchedAt = now();

function now(): number {
  return globalThis.performance?.now() ?? 0;
}

/** Opening the page is a sign of life as well. */
export function watchActivity(target: EventTarget): void {
  for (const sign of SIGNS) {
    target.addEventListener(sign, noteActivity, { passive: true, capture: true });
  }
}

export function noteActivity(): void {
  touchedAt = now();
}

/** Told with every request: how many seconds ago that was. */
export function activityHeaders(): Readonly<Record<string, string>> {
  return { [HEADER]: String(Math.max(0, Math.round((now() - touchedAt) / 1000))) };
}

if (typeof window !== 'undefined') {
  watchActivity(window);
}
