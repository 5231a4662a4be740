import type { Project } from '../../../api';
import { Invitations } from './Invitations';
import { MembersTable } from './MembersTable';

/** Who works on the project, and how others come in. */
export function TeamTab({ project }: { readonly project: Project }) {
  return (
    <>
      <MembersTable project={project.id} />
      <Invitations project={project.id} />
    </>
  );
}
