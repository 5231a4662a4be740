/** What every section of the page is given. */

import type { CasesAsked, Dataset, Narrowed, Project } from '../../../api';

export interface SectionProps {
  readonly project: Project;
  readonly dataset: Dataset;
  readonly narrowed: Narrowed;
  readonly onOpen: (asked: CasesAsked) => void;
}
