import { expect, test } from 'vitest';
import type { Guideline, GuidelineImage } from '../../api';
import { draftOf, hasContent, isChanged, NO_CHAPTER, requestOf, withChapter } from './guidelineDraft';

const PICTURE: GuidelineImage = { id: 5, url: '/api/projects/1/guideline/images/5/', width: 40, height: 30 };
const WRITTEN: Guideline = {
  version: 3,
  text: 'All of it.',
  structures: { liver: { text: 'Leave out the vena cava.', images: [PICTURE] } },
  written_at: '2026-05-11T12:00:00Z',
};

test('an untouched draft is no change, and says which version it is of', () => {
  const draft = draftOf(WRITTEN);
  expect(isChanged(draft, WRITTEN)).toBe(false);
  expect(requestOf(draft)).toEqual({
    base_version: 3,
    text: 'All of it.',
    structures: { liver: { text: 'Leave out the vena cava.', images: [5] } },
  });
});

test('a chapter that is emptied is left out; one that was begun and emptied again is no change', () => {
  const begun = withChapter(draftOf(WRITTEN), 'spleen', { text: 'x' });
  expect(isChanged(begun, WRITTEN)).toBe(true);
  expect(isChanged(withChapter(begun, 'spleen', { text: ' ' }), WRITTEN)).toBe(false);
  const emptied = withChapter(draftOf(WRITTEN), 'liver', { text: '', images: [] });
  expect(requestOf(emptied).structures).toEqual({});
  expect(isChanged(emptied, WRITTEN)).toBe(true);
});

test('a picture alone is content, and the order of chapters is not', () => {
  expect(hasContent(NO_CHAPTER)).toBe(false);
  expect(hasContent({ text: '', images: [PICTURE] })).toBe(true);
  const two: Guideline = {
    ...WRITTEN,
    structures: { spleen: { text: 's', images: [] }, ...WRITTEN.structures },
  };
  const other = withChapter(draftOf(WRITTEN), 'spleen', { text: 's' });
  expect(isChanged(other, two)).toBe(false);
});
