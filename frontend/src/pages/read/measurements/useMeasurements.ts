import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import type { Assignment } from '../../../api';
import type { Measurement } from '../../../viewer';
import type { OpenedCase } from '../openCase';
import { useRead } from '../readStore';
import { drawnFrom } from './keptPoints';

interface MeasurementState {
  /** Whether a reviewer sees what the reader measured. */
  readonly showsReaders: boolean;
  readonly setShowsReaders: (shows: boolean) => void;
  /** Why the newest measurements are not on the server. */
  readonly problem: string | null;
}

export const useMeasurementStore = create<MeasurementState>((set) => ({
  showsReaders: true,
  setShowsReaders: (showsReaders) => set({ showsReaders }),
  problem: null,
}));

/** Gives the viewer what was measured in earlier sittings, and keeps what is measured in this one. */
export function useMeasurements(opened: OpenedCase): void {
  const { assignment, measured } = opened;
  const measuring = useRead((state) => state.port)?.tools.measuring;
  const readers = useReadersMeasurements(assignment);
  const shows = useMeasurementStore((state) => state.showsReaders);
  useEffect(() => {
    measuring?.restore(measured.all);
    // A slowly drawn one is not sent half-way.
    return measuring?.onSettled((all) => measured.note(all));
  }, [measuring, measured]);
  useEffect(() => measuring?.show(shows ? readers : []), [measuring, shows, readers]);
  useSending(opened);
}

function useSending({ measured }: OpenedCase): void {
  useEffect(() => {
    const tell = (): void => useMeasurementStore.setState({ problem: measured.problem });
    const sendWhenHidden = (): void => {
      if (document.visibilityState === 'hidden') void measured.flush();
    };
    tell();
    const stop = measured.subscribe(tell);
    document.addEventListener('visibilitychange', sendWhenHidden);
    return () => {
      stop();
      document.removeEventListener('visibilitychange', sendWhenHidden);
    };
  }, [measured]);
}

/** In a review: what the reader of the read under review measured. */
export function useReadersMeasurements({ subject, volume }: Assignment): readonly Measurement[] {
  return useMemo(
    () => (subject?.measurements ?? []).flatMap((one, at) => drawnFrom(one, at + 1, volume) ?? []),
    [subject, volume],
  );
}
