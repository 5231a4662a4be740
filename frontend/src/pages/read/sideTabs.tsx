import {
  IconAlertTriangle,
  IconArrowsDiff,
  IconBook2,
  IconGitCompare,
  IconHistory,
  IconListDetails,
  IconPinned,
  IconScale,
} from '@tabler/icons-react';
import { DifferencesPanel } from './adjudicate/DifferencesPanel';
import { ComparePanel } from './compare/ComparePanel';
import { GuidancePanel } from './guidance/GuidancePanel';
import { GuidelinePanel } from './guideline/GuidelinePanel';
import { HistoryPanel } from './history/HistoryPanel';
import type { OpenedCase } from './openCase';
import { PinsPanel } from './pins/PinsPanel';
import { ReviewPanel } from './review/ReviewPanel';
import type { Changes } from './review/useChanges';
import type { SideTabContent } from './SidePanel';
import { StructureList } from './structures/StructureList';

/** Everything that can stand in the upper part of the side column, in this order. */
export function sideTabs(
  opened: OpenedCase,
  changes: Changes,
  onReopen: () => void,
): readonly SideTabContent[] {
  const { assignment } = opened;
  const { role, structures } = assignment;
  const review: SideTabContent = {
    id: 'changes',
    label: 'Changes',
    icon: IconGitCompare,
    content: <ReviewPanel assignment={assignment} changes={changes} />,
  };
  const differences: SideTabContent = {
    id: 'differences',
    label: 'Differences',
    icon: IconScale,
    content: <DifferencesPanel assignment={assignment} />,
  };
  const pins: SideTabContent = {
    id: 'pins',
    label: 'Pins',
    icon: IconPinned,
    content: <PinsPanel assignment={assignment} />,
  };
  const ofAll: readonly SideTabContent[] = [
    { id: 'structures', label: 'Structures', icon: IconListDetails, content: <StructureList /> },
    {
      id: 'guidance',
      label: 'Guidance',
      icon: IconAlertTriangle,
      content: <GuidancePanel structures={structures} />,
    },
    {
      id: 'compare',
      label: 'Compare',
      icon: IconArrowsDiff,
      content: <ComparePanel opened={opened} onReopen={onReopen} />,
    },
    {
      id: 'history',
      label: 'History',
      icon: IconHistory,
      content: <HistoryPanel opened={opened} onReopen={onReopen} />,
    },
    {
      id: 'guideline',
      label: 'Guideline',
      icon: IconBook2,
      content: <GuidelinePanel assignment={assignment} />,
    },
  ];
  switch (role) {
    case 'review':
      return [review, pins, ...ofAll];
    case 'adjudicate':
      return [differences, ...ofAll];
    case 'annotate':
      return assignment.comments.length > 0 ? [...ofAll, pins] : ofAll;
  }
}
