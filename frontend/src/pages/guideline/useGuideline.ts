import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { fetchGuideline, type Guideline, type GuidelineDraft, saveGuideline } from '../../api';

const keyOf = (project: number) => ['guideline', project] as const;

/** Read while a case is open too: a new version shows within minutes, without a reload. */
export function useGuideline(project: number) {
  return useQuery({
    queryKey: keyOf(project),
    queryFn: () => fetchGuideline(project),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
}

export function useSaveGuideline(project: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (draft: GuidelineDraft) => saveGuideline(project, draft),
    onSuccess: (saved: Guideline) => client.setQueryData(keyOf(project), saved),
  });
}
