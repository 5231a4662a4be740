import '@mantine/core/styles.css';
import './app.css';

import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError, meQuery } from './api';
import { createAppRouter } from './pages/router';

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeExpiredLogin }),
  defaultOptions: {
    // By itself the library waits in silence while the browser is offline; here that is said, and can be tried again.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      // A refusal stays a refusal; only a server or network fault is worth asking again.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});
let router: ReturnType<typeof createAppRouter> | null = null;

/** A list that may no longer be read leads to signing in; the page of a case asks in its own place instead. */
function noticeExpiredLogin(error: Error): void {
  if (error instanceof ApiError && error.status === 401) {
    queryClient.setQueryData(meQuery.queryKey, null);
    void router?.invalidate();
  }
}

function start(): void {
  const root = document.getElementById('root');
  if (root === null) {
    throw new Error('index.html has no element with the id "root".');
  }
  router = createAppRouter(queryClient);
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

// A task of its own: reading the modules was a long one.
setTimeout(start, 0);
