/** Folders from this computer: files go by the tus protocol, piece by piece, and again where they broke off. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DetailedError } from 'tus-js-client';
import { ApiError, NetworkError, requestJson, tokenHeaders } from './client';
import { refreshProject } from './queries';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Upload = Schemas['UploadOut'];
export type UploadedFile = Schemas['UploadedFileOut'];

const PIECE_BYTES = 8 * 2 ** 20;
const RETRY_AFTER_MS = [0, 1000, 3000, 8000, 20_000];

const uploadsKey = (project: number) => ['project', project, 'uploads'] as const;

/** Uploads that broke off, or that are under way elsewhere. */
export function useUploads(project: number) {
  return useQuery({
    queryKey: uploadsKey(project),
    queryFn: () => requestJson<Upload[]>(`/api/projects/${project}/uploads/`),
  });
}

export function beginUpload(project: number): Promise<Upload> {
  return requestJson<Upload>(`/api/projects/${project}/uploads/`, { method: 'POST' });
}

/** What the server has of an upload, file by file. */
export function uploadedFiles(upload: string): Promise<UploadedFile[]> {
  return requestJson<UploadedFile[]>(`/api/uploads/${upload}/`);
}

export function useDiscardUpload(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (upload: string) => requestJson<void>(`/api/uploads/${upload}/`, { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: uploadsKey(project) }),
  });
}

/** The lists that an upload changes are asked for again. */
export function useUploadEnded(project: number): () => Promise<void> {
  const client = useQueryClient();
  return () => refreshProject(client, project);
}

export interface Sending {
  readonly file: File;
  /** Below the folder, with slashes. */
  readonly path: string;
  /** What the server has of it already. */
  readonly there: UploadedFile | undefined;
  /** How many bytes of it are sent. */
  readonly onBytes: (sent: number) => void;
  readonly signal: AbortSignal;
}

/** Send one file, or the rest of it; ends when the server has acknowledged its last byte. */
export async function sendFile(upload: string, sending: Sending): Promise<void> {
  const { file, path, there, onBytes, signal } = sending;
  const { Upload: TusUpload } = await import('tus-js-client');
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const tus = new TusUpload(file, {
      endpoint: `/api/uploads/${upload}/files/`,
      uploadUrl: there === undefined ? null : `/api/uploads/files/${there.id}/`,
      metadata: { path },
      chunkSize: PIECE_BYTES,
      uploadDataDuringCreation: true,
      retryDelays: RETRY_AFTER_MS,
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(tokenHeaders())) {
          request.setHeader(name, value);
        }
      },
      onProgress: onBytes,
      onSuccess: () => resolve(),
      onError: (error) => reject(problemOf(error)),
    });
    signal.addEventListener('abort', () => {
      void tus.abort();
      reject(signal.reason);
    });
    tus.start();
  });
}

/** The server's own sentence, where there is one. */
function problemOf(error: Error | DetailedError): Error {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  if (response === null) {
    return new NetworkError(error);
  }
  try {
    const { detail } = JSON.parse(response.getBody()) as { detail?: unknown };
    if (typeof detail === 'string') {
      return new ApiError(response.getStatus(), detail);
    }
  } catch {
    // A page of a proxy in between; the status still says what happened.
  }
  return new ApiError(response.getStatus(), `The server refused a file (${response.getStatus()}).`);
}
