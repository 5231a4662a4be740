import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { Project } from '../../../api';

type Panel = ComponentType<{ readonly project: Project }>;

export interface LearningSection {
  /** Names the place on the page. */
  readonly key: string;
  readonly title: string;
  readonly isFor: (project: Project) => boolean;
  readonly Panel: LazyExoticComponent<Panel>;
}

export const isLead = ({ role }: Project): boolean => role === 'lead';
const everybody = (): boolean => true;

const panel = (load: () => Promise<Panel>) => lazy(async () => ({ default: await load() }));

/** In their order; each is loaded by itself. */
export const SECTIONS: readonly LearningSection[] = [
  {
    key: 'gain',
    title: 'What labels buy',
    isFor: isLead,
    Panel: panel(async () => (await import('./gain/GainSection')).GainSection),
  },
  {
    key: 'models',
    title: 'Models',
    isFor: everybody,
    Panel: panel(async () => (await import('./models/RegistrySection')).RegistrySection),
  },
  {
    key: 'gate',
    title: 'Which model serves, and why',
    isFor: isLead,
    Panel: panel(async () => (await import('./gate/GateSection')).GateSection),
  },
  {
    key: 'runs',
    title: 'Trainings',
    isFor: isLead,
    Panel: panel(async () => (await import('./runs/RunsSection')).RunsSection),
  },
  {
    key: 'bench',
    title: 'Networks side by side',
    isFor: isLead,
    Panel: panel(async () => (await import('./bench/BenchSection')).BenchSection),
  },
  {
    key: 'policy',
    title: 'Policy',
    isFor: isLead,
    Panel: panel(async () => (await import('./rounds/PolicySection')).PolicySection),
  },
  {
    key: 'queries',
    title: 'What is read next',
    isFor: isLead,
    Panel: panel(async () => (await import('./queries/QueriesSection')).QueriesSection),
  },
];
