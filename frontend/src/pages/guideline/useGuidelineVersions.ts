import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { fetchGuidelineVersion, fetchGuidelineVersions } from '../../api';

/** Newest first, page after page. */
export function useGuidelineVersions(project: number) {
  return useInfiniteQuery({
    queryKey: ['guideline', project, 'versions'],
    queryFn: ({ pageParam }) => fetchGuidelineVersions(project, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => {
      const oldest = page.at(-1)?.version ?? 1;
      return oldest > 1 ? oldest : null;
    },
  });
}

/** A version never changes once it is written. */
export function useGuidelineVersion(project: number, version: number | null) {
  return useQuery({
    queryKey: ['guideline', project, 'version', version],
    queryFn: () => fetchGuidelineVersion(project, version ?? 0),
    enabled: version !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
