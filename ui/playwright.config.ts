import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/** The browser of the system; Playwright's own builds are never downloaded. */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const browser = process.env['NIGHTKEEP_BROWSER'] ?? BROWSERS.find((path) => existsSync(path));

export default defineConfig({
  testDir: 'browser',
  globalSetup: './browser/serve.ts',
  outputDir: 'dist-browser/results',
  // A page that differs from run to run is a fault of the page or of the test.
  retries: 0,
  workers: 2,
  reporter: 'list',
  forbidOnly: true,
  use: {
    ...(browser === undefined ? {} : { launchOptions: { executablePath: browser, args: ['--no-sandbox'] } }),
    viewport: { width: 1040, height: 720 },
    timezoneId: 'UTC',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  },
});
