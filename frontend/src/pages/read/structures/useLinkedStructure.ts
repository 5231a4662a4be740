import { useEffect, useRef } from 'react';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { goToStructure } from './goTo';

/** A link may name a structure (`?structure=liver`): the case opens where that is. */
export function useLinkedStructure({ assignment }: OpenedCase): void {
  const port = useRead((state) => state.port);
  const shown = useRef(false);
  useEffect(() => {
    const key = new URLSearchParams(window.location.search).get('structure');
    const linked = assignment.structures.find((structure) => structure.key === key);
    if (port !== null && linked !== undefined && !shown.current) {
      shown.current = true;
      useRead.getState().activate(linked);
      goToStructure(linked);
    }
  }, [assignment, port]);
}
