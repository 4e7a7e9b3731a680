import axe from 'axe-core';
import { screen, waitFor } from '@testing-library/svelte';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FakeOptions } from '../lib/backend/fake';
import { openWindow } from './window';

const SOURCE = join(import.meta.dirname, '..');

const PAGES: [string, string, FakeOptions['scene']][] = [
  ['', 'stopped since you last looked', 'full'],
  ['', 'No jobs yet', 'empty'],
  ['', 'A warning: the demo job', 'demo'],
  ['', 'The demo job got stuck', 'demo-over'],
  ['', 'Nothing is running', 'idle'],
  ['', 'Not connected', 'away'],
  // A few rows are as good as many, and axe is slow where nothing is laid out.
  ['history?period=night', 'Last night', 'full'],
  ['history?text=nothing-like-this', 'Last night', 'full'],
  ['history?night=2025-01-01', 'no runs', 'full'],
  ['history', 'Nothing has run yet', 'empty'],
  ['history', 'Not connected', 'away'],
  ['run/41', 'refactor-parser', 'full'],
  ['run/47', 'docs-sweep', 'full'],
  ['run/46', 'dependency-review', 'full'],
  ['run/40', 'translate-manual', 'full'],
  ['run/38', 'refactor-lexer', 'full'],
  ['run/36', 'nightly-fuzz', 'full'],
  ['run/29', 'docs-sweep', 'full'],
  ['run/48', 'migrate-tests', 'full'],
  ['jobs', 'Jobs', 'full'],
  ['jobs', 'No jobs yet', 'empty'],
  ['jobs/new', 'Add a job', 'full'],
  ['jobs/docs-sweep/edit', 'Edit docs-sweep', 'full'],
  ['types', 'Job types', 'full'],
  ['types', 'Job types', 'empty'],
  ['types/new?from=agent', 'Add a job type', 'full'],
  ['settings', 'Settings', 'full'],
  ['settings', 'Settings', 'empty'],
  ['quit', 'Quit Nightkeep', 'full'],
  ['quit', 'Quit Nightkeep', 'empty'],
  ['run/48/stop', 'migrate-tests', 'full'],
  ['nowhere', 'There is no such page', 'full'],
];

describe.each(['light', 'dark'])('in the %s theme', (theme) => {
  test.each(PAGES)(
    '%s (%s) has no fault that axe can find',
    async (page, heading, scene = 'full') => {
      document.documentElement.lang = 'en';
      document.documentElement.dataset['theme'] = theme;
      document.title = 'Nightkeep';
      openWindow(page, { scene });
      await screen.findByRole('heading', { level: 1, name: new RegExp(heading) });
      // Colours need a real browser's layout; the tokens' contrast has a test of its own.
      const { violations } = await axe.run(document, { rules: { 'color-contrast': { enabled: false } } });
      expect(
        violations.map(
          (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`,
        ),
      ).toEqual([]);
    },
    30_000,
  );
});

test('a page that the tray asked for before the window was up is shown', async () => {
  const backend = openWindow('history', { scene: 'full' });
  await screen.findByRole('heading', { level: 1, name: /Last night/ });
  backend.navigate('jobs/new');
  window.dispatchEvent(new Event('hashchange'));
  expect(await screen.findByRole('heading', { level: 1, name: 'Add a job' })).toBeTruthy();
});

test('the heading of a new page takes the focus', async () => {
  openWindow('jobs');
  await screen.findByRole('heading', { level: 1, name: 'Jobs' });
  window.location.hash = '#/jobs/new';
  window.dispatchEvent(new Event('hashchange'));
  const heading = await screen.findByRole('heading', { level: 1, name: 'Add a job' });
  await waitFor(() => {
    expect(document.activeElement).toBe(heading);
  });
});

describe('colours', () => {
  const css = readFileSync(join(SOURCE, 'lib/ui/tokens.css'), 'utf8');
  const light = tokens(css.slice(0, css.indexOf('@media')));
  const dark = tokens(css.slice(css.indexOf("[data-theme='dark']")));

  test('the dark theme is the same whether the system or a person chose it', () => {
    expect(tokens(css.slice(css.indexOf('@media'), css.indexOf("[data-theme='dark']")))).toEqual(dark);
  });

  const TEXT = ['text', 'muted', 'accent', 'ok', 'warn', 'stop'];
  const GROUNDS = ['bg', 'surface', 'sunken'];

  test.each([
    ['light', light],
    ['dark', dark],
  ] as const)('text and edges of the %s theme stand out enough', (_, theme) => {
    for (const ground of GROUNDS) {
      for (const text of TEXT) {
        expect(contrast(theme, text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
      expect(contrast(theme, 'edge', ground), `edge on ${ground}`).toBeGreaterThanOrEqual(2.8);
    }
    expect(contrast(theme, 'on-accent', 'accent')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme, 'surface', 'stop')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme, 'text', 'stop-soft')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme, 'muted', 'warn-soft')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme, 'edge', 'surface')).toBeGreaterThanOrEqual(3);
  });
});

describe('the sources', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(ts|svelte)$/.test(file),
  );

  test('only one file speaks to Tauri', () => {
    const speakers = files.filter((file) =>
      /from '@tauri-apps\//.test(readFileSync(join(SOURCE, file), 'utf8')),
    );
    expect(speakers).toEqual([join('lib', 'backend', 'tauri.ts')]);
  });

  test('no markup is built from text, and no style is written into it', () => {
    const markup = files
      .filter((file) => file.endsWith('.svelte'))
      .map((file) => [file, readFileSync(join(SOURCE, file), 'utf8')] as const);
    expect(
      markup.filter(([, text]) => /\{@html|innerHTML|\sstyle="/.test(text)).map(([file]) => file),
    ).toEqual([]);
  });
});

function tokens(css: string): Record<string, string> {
  return Object.fromEntries(
    [...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

function contrast(theme: Record<string, string>, one: string, other: string): number {
  const [a, b] = [luminance(theme[one] ?? ''), luminance(theme[other] ?? '')];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
