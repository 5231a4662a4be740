import { expect, test } from 'vitest';
import { bytes, relativePath } from './words';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [4_200_000, '4.2 MB'],
  [9_960_000, '10 MB'],
  [310_400_000, '310 MB'],
  [999_600_000, '1.0 GB'],
  [2.5e15, '2500 TB'],
])('%d bytes are %s', (count, words) => {
  expect(bytes(count)).toBe(words);
});

test.each([
  [{ name: 'a.dcm', webkitRelativePath: 'ct/s1/a.dcm' }, 'ct/s1/a.dcm'],
  [{ name: 'a.dcm', webkitRelativePath: '', path: './ct/a.dcm' }, 'ct/a.dcm'],
  [{ name: 'a.dcm', webkitRelativePath: '', path: '/ct/a.dcm' }, 'ct/a.dcm'],
  [{ name: 'a.zip', webkitRelativePath: '' }, 'a.zip'],
])('%o lies at %s', (file, path) => {
  expect(relativePath(file as File)).toBe(path);
});
