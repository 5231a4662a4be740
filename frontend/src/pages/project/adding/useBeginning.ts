import { useNavigate } from '@tanstack/react-router';
import { type Origin, useAskImport, useAskLook } from '../../../api';
import type { Reading } from './useFolderSending';
import { useWayBack } from './useWayBack';

export type Asked = 'look' | 'import';

/** Import a place; or look at it, which is followed on a page of its own. */
export function useBeginning(project: number) {
  const look = useAskLook(project);
  const order = useAskImport(project);
  const navigate = useNavigate();
  const wayBack = useWayBack();
  const follow = ({ id }: { readonly id: number }): void =>
    void navigate({
      to: '/projects/$projectId/mapping/$lookId',
      params: { projectId: String(project), lookId: String(id) },
      search: wayBack,
    });
  const begin = (what: Asked, origin: Origin, reading: Reading): void => {
    if (what === 'look') {
      look.mutate(origin, { onSuccess: follow });
    } else {
      order.mutate({ ...origin, ...reading });
    }
  };
  const isPending: Asked | null = look.isPending ? 'look' : order.isPending ? 'import' : null;
  /** The import that was begun last. */
  const job = order.data?.id ?? null;
  return { begin, isPending, job, error: look.error ?? order.error };
}
