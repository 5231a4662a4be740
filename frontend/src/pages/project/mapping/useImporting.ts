import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Origin, useAskImport } from '../../../api';

const route = getRouteApi('/signedIn/projects/$projectId/mapping/$lookId');

/** Import what was looked at; then its report is shown, or the wizard goes on where it was. */
export function useImporting(project: number, { folder, upload }: Origin) {
  const ask = useAskImport(project);
  const navigate = useNavigate();
  const { from } = route.useSearch();
  const [resample, setResample] = useState<boolean | null>(null);
  const [site, setSite] = useState('');
  const [byNumber, setByNumber] = useState(false);
  const begin = (recipe: string): void =>
    ask.mutate(
      { folder, upload, recipe, resample, site, byNumber },
      {
        onSuccess: ({ id }) =>
          from === 'wizard'
            ? void navigate({ to: '/projects/new', search: { project, step: 'cases' } })
            : void navigate({
                to: '/projects/$projectId/imports/$jobId',
                params: { projectId: String(project), jobId: String(id) },
              }),
      },
    );
  return {
    project,
    begin,
    resample,
    setResample,
    site,
    setSite,
    byNumber,
    setByNumber,
    isPending: ask.isPending,
    error: ask.error,
  };
}

export type Importing = ReturnType<typeof useImporting>;
