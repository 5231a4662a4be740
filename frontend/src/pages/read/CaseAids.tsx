import { useUpcoming } from '../upcoming/useUpcoming';
import { useAdjudication } from './adjudicate/useAdjudication';
import { useCompare } from './compare/useCompare';
import { useGuidance } from './guidance/useGuidance';
import { useLooked } from './guidance/useLooked';
import { usePast } from './history/usePast';
import { useMeasurements } from './measurements/useMeasurements';
import type { OpenedCase } from './openCase';
import { usePins } from './pins/usePins';
import { useRead } from './readStore';
import { useLinkedStructure } from './structures/useLinkedStructure';

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
  usePins(opened);
  useLinkedStructure(opened);
  useAdjudication(opened);
  usePast(opened);
  useNextCase(opened);
  return null;
}

/** When this scan can be looked at, the first slices of the next one may come; its others wait for this one's. */
function useNextCase({ assignment }: OpenedCase): void {
  const { levels } = assignment.volume;
  const isUsable = useRead(({ progress }) => progress !== null && progress.level < levels.length);
  useUpcoming(assignment.project.id, assignment.id, isUsable && assignment.role === 'annotate');
}
