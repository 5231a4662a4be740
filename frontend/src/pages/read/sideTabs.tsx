import { IconGitCompare, IconListDetails } from '@tabler/icons-react';
import type { OpenedCase } from './openCase';
import { ReviewPanel } from './review/ReviewPanel';
import type { Changes } from './review/useChanges';
import type { SideTabContent } from './SidePanel';
import { StructureList } from './structures/StructureList';

/** Everything that can stand in the upper part of the side column, in this order. */
export function sideTabs({ assignment }: OpenedCase, changes: Changes): readonly SideTabContent[] {
  const structures: SideTabContent = {
    id: 'structures',
    label: 'Structures',
    icon: IconListDetails,
    content: <StructureList />,
  };
  const review: SideTabContent = {
    id: 'changes',
    label: 'Changes',
    icon: IconGitCompare,
    content: <ReviewPanel assignment={assignment} changes={changes} />,
  };
  return assignment.role === 'review' ? [review, structures] : [structures];
}
