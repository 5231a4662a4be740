/** A chart as a picture to keep: light, with its question above and its caption below. */

import { mount } from './echarts';
import { complete, type Draw } from './Plot';
import { LIGHT } from './palette';

const WIDTH = 960;
const MARGIN = 20;
const LINE = 18;
const LETTERS = 130; // that fit into a line of the caption

interface Given {
  readonly question: string;
  readonly caption: string;
  readonly draw: Draw;
  readonly height: number;
}

export function toSvg({ question, caption, draw, height }: Given): string {
  const lines = wrapped(caption);
  const whole = MARGIN + 28 + height + lines.length * LINE + MARGIN;
  const font = 'font-family="system-ui, sans-serif"';
  const below = lines.map(
    (line, n) =>
      `<text x="${MARGIN}" y="${MARGIN + 28 + height + (n + 1) * LINE}" font-size="12" fill="${LIGHT.muted}" ${font}>${escaped(line)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${whole}" viewBox="0 0 ${WIDTH} ${whole}">`,
    `<rect width="100%" height="100%" fill="${LIGHT.panel}"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 14}" font-size="16" font-weight="600" fill="${LIGHT.text}" ${font}>${escaped(question)}</text>`,
    `<g transform="translate(${MARGIN} ${MARGIN + 28})">${plotted(draw, height)}</g>`,
    ...below,
    '</svg>',
  ].join('');
}

export async function toPng(given: Given): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(toSvg(given))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * image.naturalWidth;
  canvas.height = 2 * image.naturalHeight;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error('The picture is too large.')) : resolve(blob)));
  });
}

export function keep(data: Blob, name: string): void {
  const url = URL.createObjectURL(data);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function plotted(draw: Draw, height: number): string {
  const width = WIDTH - 2 * MARGIN;
  const chart = mount(document.createElement('div'), { width, height });
  try {
    chart.setOption(complete(draw(LIGHT, width), LIGHT));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LETTERS) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
