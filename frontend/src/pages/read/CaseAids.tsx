import { useUpcoming } from '../upcoming/useUpcoming';
import { useCompare } from './compare/useCompare';
import { useGuidance } from './guidance/useGuidance';
import { useLooked } from './guidance/useLooked';
import { usePast } from './history/usePast';
import { useMeasurements } from './measurements/useMeasurements';
import type { OpenedCase } from './openCase';
import { useRead } from './readStore';

interface CaseAidsProps {
  readonly opened: OpenedCase;
  readonly username: string;
}

/** What works beside the drawing and shows nothing by itself: guidance, slices looked at, measurements, comparison, undo. */
export function CaseAids({ opened, username }: CaseAidsProps) {
  useGuidance(opened, username);
  useLooked(opened);
  useMeasurements(opened);
  useCompare(opened);
  usePast(opened);
  useNextCase(opened);
  return null;
}

/** When this scan is in place the next one may come. */
function useNextCase({ assignment }: OpenedCase): void {
  const isLoaded = useRead(
    ({ progress }) => progress !== null && progress.loadedSlices >= progress.totalSlices,
  );
  useUpcoming(assignment.project.id, assignment.id, isLoaded && assignment.role === 'annotate');
}
