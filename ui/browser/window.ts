import { test as base, expect, type Page } from '@playwright/test';

/** Sunday morning, twenty to eight: the hour for which the window is made. */
const MORNING = '2026-11-22T07:40:00Z';

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** A page in one of its states. */
export interface State {
  /** What a picture of it is called. */
  name: string;
  hash: string;
  /** What its heading says. */
  heading: RegExp;
  /** What the scripted engine plays, as its address takes it. */
  scene?: string;
  /** The button that opens the dialog which it is about. */
  press?: string;
  /** The same, where a file opens it: what stands in that. */
  file?: unknown;
}

/** Each page in each of its states. */
export const STATES: readonly State[] = [
  { name: 'overview', hash: '', heading: /stopped since you last looked/ },
  { name: 'overview-many', hash: '', heading: /stopped since you last looked/, scene: 'many' },
  { name: 'overview-idle', hash: '', heading: /Nothing is running/, scene: 'idle' },
  { name: 'welcome', hash: '', heading: /No jobs yet/, scene: 'empty' },
  { name: 'demo', hash: '', heading: /A warning: the demo job/, scene: 'demo' },
  { name: 'demo-over', hash: '', heading: /The demo job got stuck/, scene: 'demo-over' },
  { name: 'history', hash: 'history', heading: /Last night/ },
  { name: 'history-empty', hash: 'history', heading: /Nothing has run yet/, scene: 'empty' },
  { name: 'away', hash: '', heading: /Not connected/, scene: 'away' },
  { name: 'run-stopped', hash: 'run/41', heading: /refactor-parser/ },
  { name: 'run-stopped-gently', hash: 'run/44', heading: /nightly-fuzz/ },
  { name: 'run-failed', hash: 'run/46', heading: /dependency-review/ },
  { name: 'run-finished', hash: 'run/47', heading: /docs-sweep/ },
  { name: 'run-slept', hash: 'run/40', heading: /translate-manual/ },
  { name: 'run-lost', hash: 'run/36', heading: /nightly-fuzz/ },
  { name: 'run-output-removed', hash: 'run/29', heading: /docs-sweep/ },
  { name: 'run-running', hash: 'run/48', heading: /migrate-tests/ },
  { name: 'jobs', hash: 'jobs', heading: /Jobs/ },
  { name: 'jobs-empty', hash: 'jobs', heading: /No jobs yet/, scene: 'empty' },
  { name: 'job-new', hash: 'jobs/new', heading: /Add a job/ },
  { name: 'job-edit', hash: 'jobs/docs-sweep/edit', heading: /Edit docs-sweep/ },
  { name: 'types', hash: 'types', heading: /Job types/ },
  { name: 'settings', hash: 'settings', heading: /Settings/ },
  { name: 'settings-diagnostics', hash: 'settings', heading: /Settings/, press: 'Show diagnostics' },
  { name: 'settings-reset', hash: 'settings', heading: /Settings/, press: 'Reset…' },
  {
    name: 'settings-import',
    hash: 'settings',
    heading: /Settings/,
    file: {
      nightkeep_settings: { quiet_hours: '22:00-06:00', keep_awake: 'always', max_runtime: '8h' },
      nightkeep_jobs: [
        { name: 'docs-sweep', command: ['claude', '-p', 'sweep the docs'], limits: {} },
        { name: 'nightly-links', type: 'quick', command: ['python3', 'check_links.py'], limits: {} },
      ],
    },
  },
  { name: 'settings-paused', hash: 'settings', heading: /Settings/, scene: 'paused' },
  { name: 'overview-paused', hash: '', heading: /stopped since you last looked/, scene: 'paused' },
  { name: 'quit', hash: 'quit', heading: /Quit Nightkeep/ },
  { name: 'quit-idle', hash: 'quit', heading: /Quit Nightkeep/, scene: 'idle' },
  { name: 'quitting', hash: 'quit', heading: /Stopping \d+ runs/, scene: 'quitting' },
  { name: 'run-stop', hash: 'run/48/stop', heading: /migrate-tests/ },
  { name: 'type-new', hash: 'types/new?from=agent', heading: /Add a job type/ },
  { name: 'unknown', hash: 'nowhere', heading: /There is no such page/ },
];

/** Opens the window in a state and waits until its heading is there. */
export async function open(page: Page, state: State, theme: Theme = 'light'): Promise<void> {
  const address = process.env['NIGHTKEEP_PAGE'];
  if (address === undefined) throw new Error('the page is served nowhere');
  // The name makes the address another one: a dialog of the state before is gone.
  const query = new URLSearchParams({ theme, now: MORNING, scene: state.scene ?? 'full', state: state.name });
  await page.goto(`${address}?${query.toString()}#/${state.hash}`);
  const heading = page.getByRole('heading', { level: 1, name: state.heading });
  await expect(heading).toBeVisible();
  if (state.press !== undefined) await page.getByRole('button', { name: state.press }).click();
  else if (state.file !== undefined) await choose(page, state.file);
  else return;
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole('button').nth(1)).toBeVisible();
}

async function choose(page: Page, content: unknown): Promise<void> {
  const buffer = Buffer.from(JSON.stringify(content));
  const file = { name: 'nightkeep-settings.json', mimeType: 'application/json', buffer };
  await page.getByLabel('Import settings and jobs').setInputFiles(file);
}

/** A window in which whatever is complained about on the console (the policy's refusals too) fails the test. */
export const test = base.extend<{ quiet: undefined }>({
  quiet: [
    async ({ page }, use) => {
      const said: string[] = [];
      // A browser asks for it by itself; the window has its icon from the desktop.
      await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
      });
      page.on('pageerror', (error) => {
        said.push(String(error));
      });
      await use(undefined);
      expect(said).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
