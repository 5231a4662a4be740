import { setNonce } from 'get-nonce';

/** What the server lets style elements of this page be known by; empty where it asks for none. */
const nonce = globalThis.document?.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

// For what locks the page behind a dialog, which adds a style element as well.
setNonce(nonce);

export function styleNonce(): string {
  return nonce;
}
