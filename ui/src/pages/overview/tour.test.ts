import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { Script } from '../../lib/backend/fake-data';
import { demo, demoOver, demoStuck } from '../../lib/backend/fake-scenes';
import { MORNING, openWindow } from '../../test/window';
import { demoStep, stageOf, whereTheIconIs } from './tour';

const script = new Script(MORNING);

describe('where a person stands', () => {
  test('with nothing there, is at the beginning; with anything of their own, is past it', () => {
    expect(stageOf([], [], []).is).toBe('welcome');
    expect(stageOf([], script.history(), []).is).toBe('over');
    expect(stageOf([], [demoOver(script)], script.running()).is).toBe('over');
    expect(stageOf(script.jobs([], []), [demoOver(script)], []).is).toBe('over');
  });

  test('with nothing but the demonstration, is in it', () => {
    expect(stageOf([], [], [demo(script)])).toMatchObject({ is: 'demo', ended: null });
    const again = { ...demoOver(script), run: 2 };
    expect(stageOf([], [demoOver(script), again], [])).toMatchObject({
      is: 'demo',
      running: null,
      ended: again,
    });
  });
});

describe('the four steps of the demonstration', () => {
  const stuck = demoStuck(script);
  const failed = {
    ...demoOver(script),
    outcome: 'failed',
    reason: null,
    message: 'It ended by itself.',
  } as const;
  test.each([
    ['as it begins', { ...demo(script), step: null, note: null }, null, 1, 0, 'The demo job advances.'],
    ['while it advances', demo(script), null, 1, 0, 'The demo job advances.'],
    ['when it is quiet', stuck, null, 4, 1, 'The demo job is quiet.'],
    ['after the warning', stuck, null, 9, 1, 'A warning: the demo job is close to its limit.'],
    ['while it is stopped', { ...stuck, phase: 'stopping' }, null, 20, 2, 'The demo job is being stopped.'],
    ['when it was stopped', null, demoOver(script), 0, 3, 'The demo job got stuck and was stopped.'],
    ['when it ended otherwise', null, failed, 0, 3, 'The demo job is over.'],
    [
      'while it has no slot',
      { ...stuck, phase: 'queued' },
      null,
      0,
      0,
      'The demo job waits for a free slot.',
    ],
  ] as const)('%s', (_, running, ended, quiet, at, told) => {
    expect(demoStep(running, ended, quiet)).toMatchObject({ at, headline: told });
  });
});

test('who has nothing yet tries the demo, sees it stopped, and reads the evidence', async () => {
  const backend = openWindow('', { scene: 'empty' });
  (await screen.findByRole('button', { name: 'Try the demo job' })).click();
  await screen.findByRole('heading', { level: 1, name: 'The demo job advances.' });
  const steps = (): (string | null)[] =>
    screen
      .getAllByRole('listitem')
      .filter((item) => item.ariaCurrent === 'step' || item.getAttribute('aria-current'))
      .map((item) => item.textContent);
  expect(steps().join()).toContain('It advances');

  backend.runs = [demoStuck(backend.script)];
  backend.publish();
  await screen.findByRole('heading', { level: 1, name: /^A warning/ });
  expect(steps().join()).toContain('It is quiet');

  backend.runs = [];
  backend.rows = [demoOver(backend.script)];
  backend.publish();
  await screen.findByRole('heading', { level: 1, name: 'The demo job got stuck and was stopped.' });
  const evidence = screen.getByRole('link', { name: 'Read the evidence' });
  expect(evidence.getAttribute('href')).toBe('#/run/1');
  expect(screen.getByRole('link', { name: 'Add your own job' }).getAttribute('href')).toBe('#/jobs/new');
  expect(screen.getByRole('button', { name: 'Run the demo again' })).toBeTruthy();
});

test('the introduction can be skipped', async () => {
  openWindow('', { scene: 'empty' });
  (await screen.findByRole('button', { name: 'Skip' })).click();
  await screen.findByRole('heading', { level: 1, name: 'Nothing is running.' });
  expect(screen.getByRole('link', { name: 'Add a job' })).toBeTruthy();
});

test('a demo that cannot be started says why', async () => {
  const backend = openWindow('', { scene: 'empty' });
  backend.failures.set('startDemo', {
    code: 'conflict',
    message: 'a job of yours is called `demo`',
    hint: null,
    field: null,
  });
  (await screen.findByRole('button', { name: 'Try the demo job' })).click();
  await waitFor(() => {
    expect(screen.getByRole('alert').textContent).toContain('A job of yours is called demo.');
  });
});

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'taskbar'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'menu bar'],
  ['Mozilla/5.0 (X11; Linux x86_64)', 'AppIndicator'],
])('where the icon is, is told for %s', (agent, word) => {
  expect(whereTheIconIs(agent)).toContain(word);
});
