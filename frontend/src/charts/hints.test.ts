// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { asNodes } from './hints';

function said(tooltip: Parameters<typeof asNodes>[0], given: unknown): HTMLElement {
  const { formatter } = asNodes(tooltip);
  const made: unknown = typeof formatter === 'function' ? Reflect.apply(formatter, undefined, [given]) : '';
  const host = document.createElement('div');
  host.append(...((Array.isArray(made) ? made : [made]) as Node[]));
  return host;
}

test('a name is text, whatever stands in it', () => {
  const hostile = '<img src=x onerror=alert(1)>';
  const host = said({ formatter: () => hostile }, { name: hostile });
  expect(host.textContent).toBe(hostile);
  expect(host.querySelector('img')).toBeNull();
});

test('what nothing is said of has no hint', () => {
  expect(said({ formatter: () => '' }, {}).textContent).toBe('');
});

test('along an axis every line says its value', () => {
  const given = [
    { axisValueLabel: '2026-03', seriesName: '<b>ana</b>', color: '#123456', value: 2.5 },
    { axisValueLabel: '2026-03', seriesName: 'ben', color: '#654321', value: [3, 7] },
  ];
  const host = said({ trigger: 'axis', valueFormatter: (value) => `${Number(value).toFixed(1)} h` }, given);
  expect([...host.children].map((row) => row.textContent)).toEqual([
    '2026-03',
    '● <b>ana</b> 2.5 h',
    '● ben 7.0 h',
  ]);
  expect(host.innerHTML).toContain('&lt;b&gt;ana');
});

test('the rest of the options stays', () => {
  expect(asNodes({ trigger: 'axis', confine: true })).toMatchObject({ trigger: 'axis', confine: true });
});
