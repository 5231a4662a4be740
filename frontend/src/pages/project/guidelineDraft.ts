/** A lead's next version of the guideline, while it is being written. */

import type { Guideline, GuidelineDraft, GuidelineImage } from '../../api';

export interface Chapter {
  readonly text: string;
  readonly images: readonly GuidelineImage[];
}

export interface Draft {
  /** The version that it changes. */
  readonly base: number;
  readonly text: string;
  /** By structure key. */
  readonly chapters: Readonly<Record<string, Chapter>>;
}

export const NO_CHAPTER: Chapter = { text: '', images: [] };

export function draftOf({ version, text, structures }: Guideline): Draft {
  return { base: version, text, chapters: structures };
}

export function withChapter(draft: Draft, key: string, change: Partial<Chapter>): Draft {
  const chapter = { ...(draft.chapters[key] ?? NO_CHAPTER), ...change };
  return { ...draft, chapters: { ...draft.chapters, [key]: chapter } };
}

export function hasContent({ text, images }: Chapter): boolean {
  return text.trim() !== '' || images.length > 0;
}

/** As the server takes it: structures of which nothing is said are left out. */
export function requestOf({ base, text, chapters }: Draft): GuidelineDraft {
  const structures = Object.entries(chapters)
    .filter(([, chapter]) => hasContent(chapter))
    .map(([key, chapter]) => [key, { text: chapter.text, images: chapter.images.map(({ id }) => id) }]);
  return { base_version: base, text, structures: Object.fromEntries(structures) };
}

export function isChanged(draft: Draft, guideline: Guideline): boolean {
  const now = requestOf({ ...draft, base: 0 });
  const before = requestOf({ ...draftOf(guideline), base: 0 });
  return sorted(now) !== sorted(before);
}

/** The order in which chapters were written is no difference. */
function sorted({ text, structures }: GuidelineDraft): string {
  return JSON.stringify([text, Object.entries(structures).sort(([a], [b]) => a.localeCompare(b))]);
}
