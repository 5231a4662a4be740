import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import type { OperationState, ViewerPort } from '../../../../viewer';
import type { OperationName, OperationParams } from '../../../../voxels';
import { useRead } from '../../readStore';

const NONE: OperationState = { kind: 'none' };
/** A slider that is being dragged asks for one preview when it rests, not for fifty. */
const REST_MS = 180;

/** The operation at work or waiting, whichever it is. */
export function useOperationState(): OperationState {
  const port = useRead((state) => state.port);
  return useSyncExternalStore(
    useCallback((changed) => port?.tools.onOperation(changed) ?? (() => undefined), [port]),
    () => port?.tools.operation ?? NONE,
  );
}

/** Parameters, or the sentence that says what is missing. */
export type Ready<N extends OperationName> = OperationParams[N] | string;

export interface Run {
  readonly state: OperationState;
  readonly run: (preview: boolean) => void;
}

/**
 * Runs one operation with the panel's parameters. `live` shows the result by itself; otherwise a preview that
 * stands there follows the parameters. Leaving the panel drops it.
 */
export function useOperation<N extends OperationName>(name: N, params: Ready<N>, live: boolean): Run {
  const port = useRead((state) => state.port);
  const any = useOperationState();
  const state = any.kind !== 'none' && any.name === name ? any : NONE;
  const asked = useRef<string | null>(null);
  const key = JSON.stringify(params);
  const run = (preview: boolean): void => {
    if (port !== null && typeof params !== 'string') {
      asked.current = key;
      port.tools.run(name, params, { preview });
    }
  };
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const follows = live || state.kind === 'preview';
  useEffect(() => {
    if (!follows || asked.current === key) {
      return undefined;
    }
    const timer = window.setTimeout(() => latest.current(true), REST_MS);
    return () => window.clearTimeout(timer);
  }, [follows, key]);
  useEffect(() => () => drop(port, name), [port, name]);
  return { state, run };
}

function drop(port: ViewerPort | null, name: OperationName): void {
  const operation = port?.tools.operation;
  if (operation !== undefined && operation.kind !== 'none' && operation.name === name) {
    port?.tools.dismiss();
  }
}
