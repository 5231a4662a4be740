/** The files of a folder, several at a time, without those that the server has already. */

import type { Sending, UploadedFile } from '../api';

export interface FolderFile {
  readonly file: File;
  /** Below the folder, with slashes. */
  readonly path: string;
}

export interface UploadProgress {
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
  /** By the pace since this page began to send; null before anything was sent. */
  readonly secondsLeft: number | null;
}

export interface FolderUpload {
  readonly files: readonly FolderFile[];
  readonly there: readonly UploadedFile[];
  readonly send: (sending: Sending) => Promise<void>;
  readonly onProgress: (progress: UploadProgress) => void;
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

const AT_ONCE = 4;
/** What systems leave in folders; no scan is called so. */
const LEFT_BY_SYSTEMS = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;

/** Whether a file of a folder is worth sending. */
export function isWanted(path: string): boolean {
  return !path.split('/').some((part) => LEFT_BY_SYSTEMS.test(part));
}

/** Send all files that the server lacks; the first one that fails ends it, what was sent stays there. */
export async function sendFolder({
  files,
  there,
  send,
  onProgress,
  signal,
  now = () => performance.now(),
}: FolderUpload): Promise<void> {
  const sizes = new Map(files.map(({ file, path }) => [path, file.size]));
  // A file of another size is another file: the server says so when it is announced.
  const same = there.filter(({ path, size }) => sizes.get(path) === size);
  const known = new Map(same.map((file) => [file.path, file]));
  const rest = files.filter(({ file, path }) => known.get(path)?.received !== file.size).values();
  const meter = new Meter(files, same, onProgress, now);
  meter.show();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const work = async (): Promise<void> => {
    for (const { file, path } of rest) {
      either.throwIfAborted();
      const onBytes = (sent: number): void => meter.sent(path, sent);
      await send({ file, path, there: known.get(path), onBytes, signal: either });
      meter.done(path, file.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    stop.abort(new DOMException('Another file failed.', 'AbortError'));
  }
}

/** Counts what the server has, and tells how long the rest takes. */
class Meter {
  private readonly received = new Map<string, number>();
  private readonly complete = new Set<string>();
  private readonly bytes: number;
  private readonly before: number;
  private readonly begun: number;

  constructor(
    private readonly files: readonly FolderFile[],
    there: readonly UploadedFile[],
    private readonly onProgress: (progress: UploadProgress) => void,
    private readonly now: () => number,
  ) {
    for (const { path, size, received } of there) {
      this.received.set(path, received);
      if (received === size) this.complete.add(path);
    }
    this.bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    this.before = this.sum();
    this.begun = now();
  }

  sent(path: string, bytes: number): void {
    this.received.set(path, bytes);
    this.show();
  }

  done(path: string, size: number): void {
    this.received.set(path, size);
    this.complete.add(path);
    this.show();
  }

  show(): void {
    const bytesDone = this.sum();
    const seconds = (this.now() - this.begun) / 1000;
    const fresh = bytesDone - this.before;
    this.onProgress({
      files: this.files.length,
      filesDone: this.complete.size,
      bytes: this.bytes,
      bytesDone,
      secondsLeft: fresh > 0 ? ((this.bytes - bytesDone) * seconds) / fresh : null,
    });
  }

  private sum(): number {
    let sum = 0;
    for (const bytes of this.received.values()) sum += bytes;
    return sum;
  }
}
