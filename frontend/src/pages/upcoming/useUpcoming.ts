import { useEffect } from 'react';
import { prefetchUpcoming } from './prefetch';

/** The page that is open comes first. */
const AFTER_MS = 800;

/** Fetches the next case ahead while this page is quiet; `after` is the read that is open now. */
export function useUpcoming(project: number, after: number | null, isQuiet: boolean): void {
  useEffect(() => {
    if (!isQuiet) {
      return undefined;
    }
    const timer = setTimeout(() => void prefetchUpcoming(project, after), AFTER_MS);
    return () => clearTimeout(timer);
  }, [project, after, isQuiet]);
}
