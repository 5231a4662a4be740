import { ActionIcon } from '@mantine/core';
import { IconMoon, IconSun } from '@tabler/icons-react';
import { useDashboardScheme } from './dashboardScheme';

export function SchemeButton() {
  const [scheme, choose] = useDashboardScheme();
  const other = scheme === 'light' ? 'dark' : 'light';
  const Icon = scheme === 'light' ? IconMoon : IconSun;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={`Make this page ${other}`}
      title={`Make this page ${other}`}
      onClick={() => choose(other)}
    >
      <Icon size={16} aria-hidden />
    </ActionIcon>
  );
}
