import { useCompare } from './compare/useCompare';
import { useGuidance } from './guidance/useGuidance';
import { useLooked } from './guidance/useLooked';
import type { OpenedCase } from './openCase';

interface CaseAidsProps {
  readonly opened: OpenedCase;
  readonly username: string;
}

/** What works beside the drawing and shows nothing by itself: guidance, slices looked at, comparison. */
export function CaseAids({ opened, username }: CaseAidsProps) {
  useGuidance(opened, username);
  useLooked(opened);
  useCompare(opened);
  return null;
}
