import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const BACKEND = 'http://127.0.0.1:8000';

export default defineConfig({
  // Django serves the built files under /static/ and index.html on every page route.
  base: '/static/',
  plugins: [react()],
  // Django writes the nonce of each answer in its place; the page hands it on to what adds style elements.
  html: { cspNonce: '{{ csp_nonce }}' },
  build: { target: 'es2022', chunkSizeWarningLimit: 8000 },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': BACKEND, '/_allauth': BACKEND },
  },
  // A slow machine is no failure.
  test: {
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./vitest.setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
