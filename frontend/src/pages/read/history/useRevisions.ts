import { useInfiniteQuery } from '@tanstack/react-query';
import { fetchRevisions, type RevisionEntry } from '../../../api';

export interface Revisions {
  /** Newest first. */
  readonly revisions: readonly RevisionEntry[];
  readonly isPending: boolean;
  readonly error: string | null;
  readonly hasMore: boolean;
  readonly fetchMore: () => void;
  readonly again: () => void;
}

/** The revisions of a mask, a page at a time; asked for anew whenever there is a newer head. */
export function useRevisions(mask: string, head: number): Revisions {
  const query = useInfiniteQuery({
    queryKey: ['revisions', mask, head],
    queryFn: ({ pageParam }) => fetchRevisions(mask, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => {
      const last = page.at(-1)?.number ?? 1;
      return last > 1 ? last : undefined;
    },
    // What is listed stays while the newer list comes.
    placeholderData: (before) => before,
    // A revision never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return {
    revisions: query.data?.pages.flat() ?? [],
    isPending: query.isFetching,
    error: query.error?.message ?? null,
    hasMore: query.hasNextPage,
    fetchMore: () => void query.fetchNextPage(),
    again: () => void query.refetch(),
  };
}
