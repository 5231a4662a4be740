import { useEffect, useRef, useState } from 'react';
import {
  askImport,
  askLook,
  beginUpload,
  type ImportOrder,
  sendFile,
  uploadedFiles,
  useUploadEnded,
} from '../../../api';
import { type FolderFile, sendFolder, type UploadProgress } from '../../../session';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly progress: UploadProgress }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'importing'; readonly files: number; readonly job: number }
  | { readonly kind: 'looking'; readonly files: number; readonly look: number };

interface Wish {
  /** The upload to go on with; null begins one. */
  readonly upload: string | null;
  /** Labels are looked at, and nothing is imported yet. */
  readonly looksFirst: boolean;
  readonly reading: Reading;
}

/** How scans and labels are read. */
export type Reading = Pick<ImportOrder, 'recipe' | 'resample' | 'site' | 'byNumber'>;

export interface FolderSending {
  readonly state: State;
  /** The upload that this page sends, or has sent. */
  readonly upload: string | null;
  readonly start: (files: readonly FolderFile[], wish: Wish) => void;
  readonly stop: () => void;
}

const STOPPED = 'Stopped.';

/** A folder on its way: begun or gone on with, sent, and imported when all of it is there. */
export function useFolderSending(project: number): FolderSending {
  const [state, setState] = useState<State>({ kind: 'idle' });
  const [upload, setUpload] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  const refresh = useUploadEnded(project);
  useEffect(() => () => running.current?.abort(), []);
  useKeptOpen(state.kind === 'sending');

  const run = async (files: readonly FolderFile[], wish: Wish, signal: AbortSignal): Promise<void> => {
    const id = wish.upload ?? (await beginUpload(project)).id;
    setUpload(id);
    const there = wish.upload === null ? [] : await uploadedFiles(id);
    await sendFolder({
      files,
      there,
      send: (sending) => sendFile(id, sending),
      onProgress: (progress) => setState({ kind: 'sending', progress }),
      signal,
    });
    const origin = { folder: null, upload: id };
    if (wish.looksFirst) {
      const look = await askLook(project, origin);
      setState({ kind: 'looking', files: files.length, look: look.id });
    } else {
      const job = await askImport(project, { ...origin, ...wish.reading });
      setState({ kind: 'importing', files: files.length, job: job.id });
    }
  };

  const start = (files: readonly FolderFile[], wish: Wish): void => {
    const controller = new AbortController();
    running.current = controller;
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    const progress = { files: files.length, filesDone: 0, bytes, bytesDone: 0, secondsLeft: null };
    setState({ kind: 'sending', progress });
    run(files, wish, controller.signal)
      .catch((error: unknown) => {
        setUpload(null);
        setState({ kind: 'failed', message: controller.signal.aborted ? STOPPED : sentenceOf(error) });
      })
      .finally(() => void refresh());
  };

  return { state, upload, start, stop: () => running.current?.abort() };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The upload failed.';
}

/** The browser asks before it leaves a page that still sends. */
function useKeptOpen(isSending: boolean): void {
  useEffect(() => {
    if (!isSending) {
      return;
    }
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isSending]);
}
