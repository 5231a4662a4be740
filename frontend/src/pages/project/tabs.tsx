import { type ComponentType, lazy } from 'react';
import type { Project } from '../../api';
import { AddCases } from './adding/AddCases';
import { CasesTable } from './CasesTable';
import { GuidelineTab } from './GuidelineTab';
import { SettingsTab } from './SettingsTab';

export interface ProjectTab {
  /** As it stands in the address: ?tab=… */
  readonly value: string;
  /** What it was in addresses that people have kept. */
  readonly formerly?: string;
  readonly label: string;
  readonly isFor: (project: Project) => boolean;
  readonly Panel: ComponentType<{ readonly project: Project }>;
}

const isLead = ({ role }: Project): boolean => role === 'lead';
const everybody = (): boolean => true;

const isEmpty = ({ case_counts: counts }: Project): boolean =>
  counts !== null && Object.values(counts).every((count) => count === 0);

function Cases({ project }: { readonly project: Project }) {
  return isEmpty(project) && isLead(project) ? (
    <AddCases project={project.id} isFirst />
  ) : (
    <CasesTable project={project} />
  );
}

/** In their order; what is large or rarely opened is loaded when it is. */
export const TABS: readonly ProjectTab[] = [
  {
    value: 'overview',
    label: 'Overview',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./overview/OverviewTab')).OverviewTab })),
  },
  {
    value: 'agreement',
    label: 'Agreement',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./agreement/AgreementTab')).AgreementTab })),
  },
  {
    value: 'reading',
    label: 'Reading',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./reading/ReadingTab')).ReadingTab })),
  },
  { value: 'cases', label: 'Cases', isFor: isLead, Panel: Cases },
  {
    value: 'dataset',
    label: 'Dataset',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./dataset/DatasetTab')).DatasetTab })),
  },
  {
    value: 'learning',
    formerly: 'models',
    label: 'Learning',
    isFor: everybody,
    Panel: lazy(async () => ({ default: (await import('./learning/LearningTab')).LearningTab })),
  },
  {
    value: 'data',
    label: 'Add cases',
    isFor: isLead,
    Panel: ({ project }) => <AddCases project={project.id} />,
  },
  {
    value: 'export',
    label: 'Export',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./export/ExportTab')).ExportTab })),
  },
  {
    value: 'plan',
    label: 'Plan',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./plan/PlanTab')).PlanTab })),
  },
  {
    value: 'team',
    label: 'Team',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./team/TeamTab')).TeamTab })),
  },
  {
    value: 'audit',
    label: 'Audit',
    isFor: isLead,
    Panel: lazy(async () => ({ default: (await import('./audit/AuditTab')).AuditTab })),
  },
  { value: 'guideline', label: 'Guideline', isFor: everybody, Panel: GuidelineTab },
  { value: 'settings', label: 'Settings', isFor: isLead, Panel: SettingsTab },
];
