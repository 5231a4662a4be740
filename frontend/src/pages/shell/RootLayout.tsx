import { Button, MantineProvider, Stack, Text, Title } from '@mantine/core';
import { type ErrorComponentProps, Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { theme } from '../../theme';
import { useDashboardScheme } from './dashboardScheme';
import { styleNonce } from './nonce';

const TABLES = ['/projects', '/operations'];

/** Dark for who reads scans; light for who reads tables, unless they chose otherwise. */
export function RootLayout() {
  const isDashboard = useRouterState({
    select: (state) => TABLES.some((path) => state.location.pathname.startsWith(path)),
  });
  const [scheme] = useDashboardScheme();
  return (
    <MantineProvider
      theme={theme}
      forceColorScheme={isDashboard ? scheme : 'dark'}
      getStyleNonce={styleNonce}
    >
      <Outlet />
    </MantineProvider>
  );
}

export function NotFoundPage() {
  return (
    <Message title="There is no such page" text="The address leads nowhere. Your work is where you left it.">
      <Button renderRoot={(props) => <Link to="/" {...props} />}>Go to my start page</Button>
    </Message>
  );
}

/** Only who really waits reads that there is a wait. */
export function Waiting() {
  return (
    <Text c="dimmed" ta="center" pt="40vh" role="status">
      Waiting for the server…
    </Text>
  );
}

/** The root's error component stands outside RootLayout, so it brings its own theme. */
export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <MantineProvider theme={theme} forceColorScheme="dark" getStyleNonce={styleNonce}>
      <Message
        title="This page could not be opened"
        text={error instanceof Error ? error.message : String(error)}
      >
        <Button onClick={again}>Try again</Button>
      </Message>
    </MantineProvider>
  );
}

interface MessageProps {
  readonly title: string;
  readonly text: string;
  readonly children?: React.ReactNode;
}

/** A whole page for one thing that went wrong, with the way on. */
export function Message({ title, text, children }: MessageProps) {
  return (
    <Stack align="center" justify="center" h="100%" mih={320} p="lg" gap="sm" role="alert">
      <Title order={2} fz={20}>
        {title}
      </Title>
      <Text c="dimmed" maw={520} ta="center">
        {text}
      </Text>
      {children}
    </Stack>
  );
}
