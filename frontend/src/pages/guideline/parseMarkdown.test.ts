import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Block, type Inline, parseMarkdown } from './parseMarkdown';

const text = (words: string): Inline => ({ kind: 'text', text: words });

test('headings, paragraphs and lists', () => {
  expect(parseMarkdown('# Liver\nLeave out the\nvena cava.\n\n- one\n* two\n\n1. first\n2) second')).toEqual([
    { kind: 'heading', level: 1, inlines: [text('Liver')] },
    { kind: 'paragraph', inlines: [text('Leave out the\nvena cava.')] },
    { kind: 'list', ordered: false, items: [[text('one')], [text('two')]] },
    { kind: 'list', ordered: true, items: [[text('first')], [text('second')]] },
  ] satisfies Block[]);
});

test('bold, italic, code and links within a line', () => {
  const [block] = parseMarkdown(
    'Use **−50** to *200* HU, `window 400`, see [the atlas](https://example.org/a).',
  );
  expect(block).toMatchObject({
    inlines: [
      text('Use '),
      { kind: 'strong', text: '−50' },
      text(' to '),
      { kind: 'emphasis', text: '200' },
      text(' HU, '),
      { kind: 'code', text: 'window 400' },
      text(', see '),
      { kind: 'link', text: 'the atlas', href: 'https://example.org/a' },
      text('.'),
    ],
  });
});

test.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', ' JaVaScRiPt:x'])(
  'a link to %s stays text',
  (href) => {
    const inlines = parseMarkdown(`[press](${href})`).flatMap((block) =>
      block.kind === 'list' ? block.items.flat() : block.inlines,
    );
    expect(inlines.every(({ kind }) => kind !== 'link')).toBe(true);
  },
);

test('no letter or digit of any text is lost, and nothing throws', () => {
  const source = fc.string({ unit: fc.constantFrom(...'ab1 *`#-[](\n'), maxLength: 60 });
  fc.assert(
    fc.property(source, (given) => {
      const plain = parseMarkdown(given)
        .flatMap((block) => (block.kind === 'list' ? block.items.flat() : block.inlines))
        .map(({ text: words }) => words)
        .join('');
      const letters = (words: string) => words.replace(/[^ab]/g, '');
      expect(letters(plain)).toBe(letters(given));
    }),
  );
});
