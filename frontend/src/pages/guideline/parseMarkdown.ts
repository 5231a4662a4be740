/**
 * The little of Markdown that a guideline needs, as a tree: headings, paragraphs, lists, bold, italic, code and links.
 *
 * Whatever is not understood stays text. There is no HTML in it and none comes out of it.
 */

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly inlines: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] };

const HEADING = /^(#{1,3})\s+(.+)$/;
const BULLET = /^\s*[-*]\s+(.+)$/;
const NUMBERED = /^\s*\d+[.)]\s+(.+)$/;

export function parseMarkdown(source: string): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const closeParagraph = (): void => {
    if (paragraph.length > 0) {
      blocks.push({ kind: 'paragraph', inlines: parseInlines(paragraph.join('\n')) });
      paragraph = [];
    }
  };
  for (const line of source.split(/\r?\n/)) {
    const special = specialOf(line);
    if (special === null) {
      paragraph.push(line);
      continue;
    }
    closeParagraph();
    if (special !== 'blank') {
      add(blocks, special);
    }
  }
  closeParagraph();
  return blocks;
}

function specialOf(line: string): Block | 'blank' | null {
  if (line.trim() === '') {
    return 'blank';
  }
  const heading = HEADING.exec(line);
  if (heading !== null) {
    const level = heading[1]?.length as 1 | 2 | 3;
    return { kind: 'heading', level, inlines: parseInlines(heading[2] ?? '') };
  }
  const bullet = BULLET.exec(line);
  const item = bullet ?? NUMBERED.exec(line);
  return item === null
    ? null
    : { kind: 'list', ordered: bullet === null, items: [parseInlines(item[1] ?? '')] };
}

/** List items one after another are one list. */
function add(blocks: Block[], block: Block): void {
  const last = blocks.at(-1);
  if (block.kind === 'list' && last?.kind === 'list' && last.ordered === block.ordered) {
    blocks[blocks.length - 1] = { ...last, items: [...last.items, ...block.items] };
  } else {
    blocks.push(block);
  }
}

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|\[([^\]]+)\]\(([^)\s]+)\)/g;

function parseInlines(source: string): Inline[] {
  const inlines: Inline[] = [];
  let end = 0;
  for (const match of source.matchAll(INLINE)) {
    if (match.index > end) {
      inlines.push({ kind: 'text', text: source.slice(end, match.index) });
    }
    inlines.push(inlineOf(match));
    end = match.index + match[0].length;
  }
  if (end < source.length) {
    inlines.push({ kind: 'text', text: source.slice(end) });
  }
  return inlines;
}

function inlineOf([whole, strong, emphasis, code, text, href]: RegExpMatchArray): Inline {
  if (strong !== undefined) {
    return { kind: 'strong', text: strong };
  }
  if (emphasis !== undefined) {
    return { kind: 'emphasis', text: emphasis };
  }
  if (code !== undefined) {
    return { kind: 'code', text: code };
  }
  return text !== undefined && href !== undefined && isSafe(href)
    ? { kind: 'link', text, href }
    : { kind: 'text', text: whole };
}

/** Links lead to web pages: never to a script. */
function isSafe(href: string): boolean {
  return /^https?:\/\//i.test(href);
}
