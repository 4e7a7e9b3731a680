import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** The policy that the window is under; a preview is under the same, so that what breaks it is seen early. */
const { app } = JSON.parse(
  readFileSync(new URL('../src-tauri/tauri.conf.json', import.meta.url), 'utf8'),
) as {
  app: { security: { csp: string } };
};

export default defineConfig({
  plugins: [svelte()],
  base: './',
  // Vitest resolves Svelte's server build unless it is told that it is a browser.
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  build: {
    target: 'es2022',
    // No fonts or images as data URLs, no inline modules: the CSP allows files of the app only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 5199, strictPort: true },
  preview: { port: 5198, strictPort: true, headers: { 'Content-Security-Policy': app.security.csp } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
    env: { TZ: 'UTC' },
  },
});
