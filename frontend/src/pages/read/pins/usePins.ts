import { useEffect, useRef } from 'react';
import { lend } from '../keys/handlers';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { firstOpen, placeOf, usePinStore } from './pinStore';

/** Fetches the pins, draws them, and opens a case that came back at the first one that is open. */
export function usePins({ assignment }: OpenedCase): void {
  useEffect(() => {
    const { load, close, walk } = usePinStore.getState();
    void load(assignment);
    const giveBack = lend({ walkPins: walk });
    return () => {
      giveBack();
      close();
    };
  }, [assignment]);
  useDrawn(assignment.volume);
  useFirst(assignment.id, assignment.role === 'annotate' && assignment.state === 'returned');
}

/** As small numbered marks; with the overlays they go away. */
function useDrawn(volume: OpenedCase['assignment']['volume']): void {
  const places = useRead((state) => state.port)?.tools.places;
  const pins = usePinStore((state) => state.pins);
  const current = usePinStore((state) => state.current);
  const isHidden = useRead((state) => state.peek === 'image');
  useEffect(() => {
    const marked = (isHidden ? [] : (pins ?? [])).map((pin, at) => ({
      at: placeOf(pin, volume),
      mark: String(at + 1),
      isDone: pin.state === 'resolved',
      isCurrent: pin.id === current,
    }));
    places?.show(marked);
  }, [places, pins, current, isHidden, volume]);
}

function useFirst(assignment: number, isReturned: boolean): void {
  const port = useRead((state) => state.port);
  const pins = usePinStore((state) => state.pins);
  const shown = useRef<number | null>(null);
  useEffect(() => {
    const first = firstOpen(pins);
    if (!isReturned || port === null || first === null || shown.current === assignment) {
      return;
    }
    shown.current = assignment;
    useRead.getState().set({ tab: 'pins' });
    usePinStore.getState().show(first);
  }, [assignment, isReturned, port, pins]);
}
