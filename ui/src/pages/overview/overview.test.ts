import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import type { JobStatus, RunView } from '../../lib/backend/types';
import type { FakeBackend } from '../../lib/backend/fake';
import { Script } from '../../lib/backend/fake-data';
import { many } from '../../lib/backend/fake-scenes';
import { MORNING, openWindow } from '../../test/window';
import { byUrgency, detail, headline, type Glance } from './headline';

function run(progress: RunView['progress'], more: Partial<RunView> = {}): RunView {
  return { progress, phase: 'running', ...more } as RunView;
}

const calm: Glance = { runs: [], unseen: 0, connected: true };

describe('the headline', () => {
  test.each<[Partial<Glance>, string]>([
    [{}, 'Nothing is running.'],
    [{ runs: [run('advancing'), run('advancing')] }, '2 runs in progress, all advancing.'],
    [{ runs: [run('advancing'), run('waiting')] }, '2 runs in progress.'],
    [{ runs: [run('advancing'), run('starting', { phase: 'queued' })] }, '1 run in progress, all advancing.'],
    [{ runs: [run('starting', { phase: 'queued' })] }, '1 run waits for a slot.'],
    [{ runs: [run('warning'), run('advancing')] }, '1 run is close to its limit.'],
    [{ runs: [run('warning')], unseen: 3 }, '3 runs were stopped since you last looked.'],
    [{ runs: [run('advancing')], unseen: 1, connected: false }, 'Not watching.'],
  ])('%j is told as "%s"', (glance, told) => {
    expect(headline({ ...calm, ...glance })).toBe(told);
  });

  const late = (job: string, left: number, observe = false): RunView =>
    run('warning', { job, since_advance_s: 1000, stall_after_s: 1000 + left, observe });
  const restarting: JobStatus = {
    job: 'nightly-fuzz',
    state: 'restarting',
    since: null,
    failures: 1,
    next_start: '2026-11-22T08:00:00Z',
  };

  test.each<[Partial<Glance>, string]>([
    [{}, ''],
    [{ held: [restarting] }, 'nightly-fuzz is started again at 08:00.'],
    [{ unseen: 2 }, 'Nothing else is running.'],
    [
      { unseen: 2, runs: [late('a', 60), run('advancing')] },
      '2 runs are in progress, 1 of them close to the limit.',
    ],
    [{ runs: [late('a', 900), late('b', 300)] }, 'b is stopped in about 5 min unless it advances.'],
    [{ runs: [late('a', 30)] }, 'a is stopped within two minutes unless it advances.'],
    [{ runs: [late('a', 300, true)] }, 'a reaches its limit in about 5 min, and is only observed.'],
  ])('beside it, %j is told as "%s"', (glance, told) => {
    expect(detail({ ...calm, ...glance }, MORNING)).toBe(told);
  });

  test('when nothing goes on, the last run is told', () => {
    const last = new Script(MORNING).history()[0];
    expect(detail({ ...calm, last }, MORNING)).toBe('The last run was of docs-sweep, today 06:28: finished.');
    expect(detail({ ...calm, last, runs: [run('advancing')] }, MORNING)).toBe('');
  });

  test('what needs a look comes first, and otherwise nothing changes its place', () => {
    const runs = [
      run('advancing', { run: 1 }),
      run('starting', { run: 2, phase: 'queued' }),
      run('warning', { run: 3 }),
      run('quiet', { run: 4 }),
    ];
    expect(byUrgency(runs).map((one) => one.run)).toEqual([3, 1, 4, 2]);
  });
});

test('the window opens with what was stopped and what runs, and what is marked as seen leaves it', async () => {
  openWindow();
  await screen.findByRole('heading', { level: 1, name: '2 runs were stopped since you last looked.' });
  await screen.findByRole('heading', { level: 2, name: 'The night' });
  expect(screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent)).toEqual([
    'Stopped',
    'Running',
    'The night',
  ]);
  screen.getByRole('button', { name: 'Mark all as seen' }).click();
  await waitFor(() => {
    expect(screen.queryByRole('region', { name: 'Stopped' })).toBeNull();
  });
});

describe('a card of a run', () => {
  test('tells state, step, time on the stall clock and use of the processor', async () => {
    openWindow();
    const card = await cardOf('migrate-tests');
    for (const told of [
      'Close to its limit',
      'step 22 of 60 – converting tests/parser',
      'running for',
      '3.2 % CPU',
    ])
      expect(card.textContent).toContain(told);
    const meter = within(card).getByRole('meter', { name: 'Time since the last advance' });
    expect(meter.getAttribute('aria-valuetext')).toBe('13 min of 30 min, past the warning');
    expect(within(card).getByRole('link', { name: 'Open run 48, migrate-tests' })).toBeTruthy();
  });

  test('more time is offered where the limit is near, and the cap is told when it is reached', async () => {
    const backend = openWindow();
    const card = await cardOf('migrate-tests');
    expect(within(await cardOf('release-notes')).queryByRole('button', { name: /more/ })).toBeNull();
    const more = /^Give run 48, migrate-tests, 30 min more/;
    within(card).getByRole('button', { name: more }).click();
    expect(await screen.findByText('migrate-tests may take 1 h 00 min for this step.')).toBeTruthy();
    await waitFor(() => {
      expect(card.textContent).toContain('stopped at 1 h 00 min');
    });
    backend.failures.set('extendRun', {
      code: 'not-found',
      message: 'run 48 is not being watched',
      hint: null,
      field: null,
    });
    backend.runs = backend.runs.map((one) => ({ ...one, since_advance_s: 50 * 60, progress: 'warning' }));
    backend.publish();
    (await within(card).findByRole('button', { name: more })).click();
    expect(await screen.findByText('migrate-tests: run 48 is not being watched.')).toBeTruthy();
  });

  test('eight of them are shown, the others on demand', async () => {
    const region = await withTwelveRuns();
    expect(region.querySelectorAll('li.card')).toHaveLength(8);
    within(region).getByRole('button', { name: 'and 4 more' }).click();
    await waitFor(() => {
      expect(region.querySelectorAll('li.card')).toHaveLength(12);
    });
  });

  test('a change is shown in the nodes that were there', async () => {
    const region = await withTwelveRuns();
    const before = [...region.querySelectorAll('li.card')];
    backend.runs = backend.runs.map((one, at) => ({ ...one, step: 100 + at }));
    backend.publish();
    await waitFor(() => {
      expect(region.textContent).toContain('step 107');
    });
    expect([...region.querySelectorAll('li.card')]).toEqual(before);
  });

  let backend: FakeBackend;
  async function withTwelveRuns(): Promise<HTMLElement> {
    backend = openWindow('', { scene: 'idle' });
    await screen.findByRole('heading', { level: 1, name: 'Nothing is running.' });
    backend.runs = many(backend.script, 12);
    backend.publish();
    return screen.findByRole('region', { name: 'Running' });
  }
});

describe('other states', () => {
  test('with jobs of which none runs, it says so and shows the night', async () => {
    openWindow('', { scene: 'idle' });
    await screen.findByRole('heading', { level: 1, name: 'Nothing is running.' });
    expect(await screen.findByRole('region', { name: 'The night' })).toBeTruthy();
  });

  test('an engine that went away is the headline, and the last picture stays', async () => {
    const backend = openWindow();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
    backend.goAway();
    await screen.findByRole('heading', { level: 1, name: 'Not watching.' });
    expect(screen.getByText(/^Not watching: the engine does not answer/)).toBeTruthy();
    expect(screen.getByRole('region', { name: 'Running' })).toBeTruthy();
    const [again] = screen.getAllByRole('button', { name: 'Try again' });
    again?.click();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
  });

  test('a history that cannot be read is told, and what runs is shown all the same', async () => {
    const backend = openWindow();
    backend.failures.set('history', {
      code: 'storage',
      message: 'the disk is gone',
      hint: null,
      field: null,
    });
    expect((await screen.findByRole('alert')).textContent).toContain('The history could not be read');
    expect(screen.getByRole('region', { name: 'Running' })).toBeTruthy();
  });

  test('a job that will not start again is told, and can be resumed', async () => {
    const backend = openWindow('', { scene: 'idle' });
    await screen.findByRole('heading', { level: 1, name: 'Nothing is running.' });
    backend.held = [
      { job: 'nightly-fuzz', state: 'breaker-open', since: null, failures: 3, next_start: null },
    ];
    backend.publish();
    expect((await screen.findByRole('alert')).textContent).toContain('nightly-fuzz will not start again');
    screen.getByRole('button', { name: 'Resume' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('alert')).toBeNull();
    });
  });
});

async function cardOf(job: string): Promise<HTMLElement> {
  const region = await screen.findByRole('region', { name: 'Running' });
  const card = within(region).getByRole('link', { name: job }).closest('li');
  if (!card) throw new Error(`no card of ${job}`);
  return card;
}
