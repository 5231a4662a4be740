import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sending, UploadedFile } from '../api';
import { type FolderFile, isWanted, sendFolder, type UploadProgress } from './folderUpload';

function folder(sizes: readonly number[]): FolderFile[] {
  return sizes.map((size, place) => ({
    file: new File(['x'.repeat(size)], `${place}`),
    path: `ct/${place}`,
  }));
}

function there({ file, path }: FolderFile, received: number): UploadedFile {
  return { id: path, path, size: file.size, received };
}

/** Keeps what it was sent, after a moment each. */
function receiver() {
  const sent: string[] = [];
  const open = { now: 0, most: 0 };
  const send = async ({ file, path, onBytes }: Sending): Promise<void> => {
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    onBytes(Math.floor(file.size / 2));
    await Promise.resolve();
    open.now -= 1;
    sent.push(path);
  };
  return { sent, open, send };
}

const never = new AbortController().signal;

test('what the server has is not sent again, everything else once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 12 }), async (pairs) => {
      const files = folder(pairs.map(([size]) => size));
      const known = files.flatMap((file, place) => {
        const received = pairs[place]?.[1] ?? 0;
        return received % 3 === 0 ? [] : [there(file, Math.min(received, file.file.size))];
      });
      const { sent, open, send } = receiver();
      const shown: UploadProgress[] = [];
      await sendFolder({ files, there: known, send, onProgress: (one) => shown.push(one), signal: never });
      const complete = new Set(
        known.filter(({ size, received }) => size === received).map(({ path }) => path),
      );
      expect(sent.toSorted()).toEqual(
        files
          .map(({ path }) => path)
          .filter((path) => !complete.has(path))
          .toSorted(),
      );
      expect(open.most).toBeLessThanOrEqual(4);
      const last = shown.at(-1);
      expect(last?.filesDone).toBe(files.length);
      expect(last?.bytesDone).toBe(last?.bytes);
    }),
  );
});

test('the time left follows from the pace since the page began to send', async () => {
  const [first, second] = folder([100, 100]);
  if (first === undefined || second === undefined) throw new Error('two files');
  let clock = 0;
  const shown: UploadProgress[] = [];
  await sendFolder({
    files: [first, second],
    there: [there(first, 100)],
    send: async ({ onBytes }) => {
      clock = 5000;
      onBytes(25);
    },
    onProgress: (one) => shown.push(one),
    signal: never,
    now: () => clock,
  });
  expect(shown[0]).toEqual({ files: 2, filesDone: 1, bytes: 200, bytesDone: 100, secondsLeft: null });
  expect(shown[1]?.secondsLeft).toBe(15);
});

test('a file that fails ends the others, and says why', async () => {
  const files = folder(Array.from({ length: 20 }, () => 3));
  const sent: string[] = [];
  const send = async ({ path, signal }: Sending): Promise<void> => {
    if (path === 'ct/2') throw new Error('too large');
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal.throwIfAborted();
    sent.push(path);
  };
  await expect(
    sendFolder({ files, there: [], send, onProgress: () => undefined, signal: never }),
  ).rejects.toThrow('too large');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sent.length).toBeLessThan(4);
});

test('what systems leave in folders is passed over', () => {
  expect(
    ['a/b.dcm', 'IM0001', 'x/.DS_Store', '__MACOSX/a', 'a/Thumbs.db', '.git/a'].filter(isWanted),
  ).toEqual(['a/b.dcm', 'IM0001']);
});
