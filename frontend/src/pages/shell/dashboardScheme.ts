import { useLocalStorage } from '@mantine/hooks';

export type Scheme = 'light' | 'dark';

/** How pages with tables and charts look, remembered on this computer. Paper is always light. */
export function useDashboardScheme(): readonly [Scheme, (scheme: Scheme) => void] {
  const [scheme, set] = useLocalStorage<Scheme>({
    key: 'delineate-dashboards',
    defaultValue: 'light',
    getInitialValueInEffect: false,
    deserialize: (kept) => (kept === '"dark"' ? 'dark' : 'light'),
  });
  return [scheme, set];
}
