import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Origin, useAskImport } from '../../../api';

/** Import what was looked at; then its report is shown. */
export function useImporting(project: number, { folder, upload }: Origin) {
  const ask = useAskImport(project);
  const navigate = useNavigate();
  const [resample, setResample] = useState(false);
  const begin = (recipe: string): void =>
    ask.mutate(
      { folder, upload, recipe, resample },
      {
        onSuccess: ({ id }) =>
          void navigate({
            to: '/projects/$projectId/imports/$jobId',
            params: { projectId: String(project), jobId: String(id) },
          }),
      },
    );
  return { begin, resample, setResample, isPending: ask.isPending, error: ask.error };
}

export type Importing = ReturnType<typeof useImporting>;
