import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { type Me, meQuery } from '../api';
import { NotFoundPage, RootLayout, RouteProblem, Waiting } from './shell/RootLayout';
import { SignInPage } from './signIn/SignInPage';
import { WorklistPage } from './worklist/WorklistPage';

interface Context {
  readonly queryClient: QueryClient;
}

const rootRoute = createRootRouteWithContext<Context>()({
  component: RootLayout,
  notFoundComponent: NotFoundPage,
  errorComponent: RouteProblem,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string; error?: string } => ({
    ...(typeof search.next === 'string' && isOwnPath(search.next) ? { next: search.next } : {}),
    ...(typeof search.error === 'string' ? { error: search.error } : {}),
  }),
  component: SignInPage,
});

/** The secret of the link stands behind #: browsers do not send that, so no log has it. */
const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./invitation/InvitationPage'), 'InvitationPage'),
});

/** Everything below needs somebody signed in. */
const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signedIn',
  beforeLoad: async ({ context, location }): Promise<{ me: Me }> => {
    const me = await context.queryClient.ensureQueryData(meQuery);
    if (me === null) {
      throw redirect({ to: '/sign-in', search: { next: location.href } });
    }
    if (me.must_set_up_second_factor && location.pathname !== '/account') {
      throw redirect({ to: '/account' });
    }
    return { me };
  },
  pendingMs: 600,
  pendingComponent: Waiting,
});

const homeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const led = context.me.projects.find((project) => project.role === 'lead');
    if (led !== undefined) {
      throw redirect({ to: '/projects/$projectId', params: { projectId: String(led.id) } });
    }
    throw redirect({ to: '/worklist' });
  },
});

const worklistRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/worklist',
  validateSearch: (search: Record<string, unknown>): { project?: number } => {
    const project = Number(search.project);
    return Number.isInteger(project) && project > 0 ? { project } : {};
  },
  component: WorklistPage,
});

// The viewer is 4 MB: only who opens a case loads it.
const annotateRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/annotate/$assignmentId',
  validateSearch: (search: Record<string, unknown>): { structure?: string } =>
    typeof search.structure === 'string' ? { structure: search.structure } : {},
  component: lazyRouteComponent(() => import('./read/ReadPage'), 'AnnotatePage'),
});

const reviewRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/review/$assignmentId',
  component: lazyRouteComponent(() => import('./read/ReadPage'), 'ReviewPage'),
});

const projectRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId',
  validateSearch: (search: Record<string, unknown>): { tab?: string } =>
    typeof search.tab === 'string' ? { tab: search.tab } : {},
  component: lazyRouteComponent(() => import('./project/ProjectPage'), 'ProjectPage'),
});

const newProjectRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/new',
  validateSearch: (search: Record<string, unknown>): { project?: number; step?: string } => ({
    ...(Number.isInteger(search.project) && Number(search.project) > 0
      ? { project: Number(search.project) }
      : {}),
    ...(typeof search.step === 'string' ? { step: search.step } : {}),
  }),
  component: lazyRouteComponent(() => import('./wizard/WizardPage'), 'WizardPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/account',
  validateSearch: (search: Record<string, unknown>): { error?: string } =>
    typeof search.error === 'string' ? { error: search.error } : {},
  component: lazyRouteComponent(() => import('./account/AccountPage'), 'AccountPage'),
});

const operationsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/operations',
  component: lazyRouteComponent(() => import('./operations/OperationsPage'), 'OperationsPage'),
});

const ownReadingRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/reading',
  component: lazyRouteComponent(() => import('./project/own/OwnPage'), 'OwnPage'),
});

const importsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/imports',
  component: lazyRouteComponent(() => import('./project/imports/ImportsPage'), 'ImportsPage'),
});

const importRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/imports/$jobId',
  component: lazyRouteComponent(() => import('./project/imports/ImportPage'), 'ImportPage'),
});

const mappingRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/mapping/$lookId',
  validateSearch: (search: Record<string, unknown>): { from?: 'wizard' } =>
    search.from === 'wizard' ? { from: 'wizard' } : {},
  component: lazyRouteComponent(() => import('./project/mapping/MappingPage'), 'MappingPage'),
});

const runRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/runs/$runId',
  component: lazyRouteComponent(() => import('./project/learning/runs/RunPage'), 'RunPage'),
});

const modelRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/models/$version',
  component: lazyRouteComponent(() => import('./project/learning/models/CardPage'), 'CardPage'),
});

const guidelineRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/projects/$projectId/guideline',
  validateSearch: (search: Record<string, unknown>): { version?: number } => {
    const version = Number(search.version);
    return Number.isInteger(version) && version > 0 ? { version } : {};
  },
  component: lazyRouteComponent(() => import('./guideline/GuidelinePage'), 'GuidelinePage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  invitationRoute,
  signedInRoute.addChildren([
    homeRoute,
    worklistRoute,
    annotateRoute,
    reviewRoute,
    newProjectRoute,
    projectRoute,
    guidelineRoute,
    ownReadingRoute,
    importsRoute,
    importRoute,
    mappingRoute,
    runRoute,
    modelRoute,
    operationsRoute,
    accountRoute,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({ routeTree, context: { queryClient }, defaultPendingMs: 200 });
}

/** Where to go after signing in: a path of this site, never another host. */
function isOwnPath(path: string): boolean {
  return path.startsWith('/') && !path.startsWith('//') && !path.startsWith('/\\');
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
