import { describe, expect, test, vi } from 'vitest';
import { Script } from '../backend/fake-data';
import { FakeBackend } from '../backend/fake';
import { draftOf, draftOfRun, specOf, textFaults } from './draft';
import { HistoryStore, filtersOf, matches, queryOf } from './history.svelte';
import { JobForm } from './jobform.svelte';
import { LiveStore } from './live.svelte';
import { byNight, nightDetail, nightLabel, nightSentence, reportNight } from './nights';
import { Probe, PROBE_DELAY_MS } from './probe.svelte';
import { routeOf, Router } from './router.svelte';

const MORNING = Date.parse('2026-11-22T07:40:00Z');
const script = new Script(MORNING);

describe('the live store', () => {
  const [warned] = script.running();
  if (!warned) throw new Error('the script has runs');

  test('the stall clock goes on between snapshots', () => {
    const store = new LiveStore(new FakeBackend(), () => 1000);
    store.apply(script.live(1, [], [warned]));
    expect(store.sinceAdvance(warned, 6000)).toBe(warned.since_advance_s + 5);
  });

  test('it stands still for a run that waits and while the engine is away', () => {
    const store = new LiveStore(new FakeBackend(), () => 1000);
    store.apply(script.live(1, [], [warned]));
    const waiting = { ...warned, progress: 'waiting' } as const;
    expect(store.sinceAdvance(waiting, 6000)).toBe(warned.since_advance_s);
    store.away({ code: 'unreachable', message: 'gone', hint: null, field: null });
    expect(store.sinceAdvance(warned, 6000)).toBe(warned.since_advance_s);
  });

  test('a snapshot that came while the first was asked for is not replaced by the older one', async () => {
    const backend = new FakeBackend();
    const store = new LiveStore(backend);
    const started = store.start();
    store.apply(script.live(99, [], []));
    await started;
    expect(store.revision).toBe(99);
  });
});

describe('nights', () => {
  test('a run belongs to the night in which it ended, from noon to noon', () => {
    const nights = byNight(script.history(), MORNING);
    expect(nights.slice(0, 2).map((night) => [night.label, night.rows.length])).toEqual([
      ['Last night', 7],
      ['Night of Fri 20 Nov', 4],
    ]);
  });

  test.each([
    ['2026-11-22T08:00:00Z', 'Last night'],
    ['2026-11-22T15:00:00Z', 'Last night'],
    ['2026-11-22T23:00:00Z', 'Last night'],
    ['2026-11-23T08:00:00Z', 'Night of Sat 21 Nov'],
  ])('what ended at four in the morning is, at %s, of the %s', (now, label) => {
    expect(nightLabel('2026-11-22T04:00:00Z', Date.parse(now))).toBe(label);
  });

  test('in the evening, what ends is of tonight', () => {
    const evening = Date.parse('2026-11-22T22:00:00Z');
    const rows = [script.row(50, 'late', 0, 60, { ended_at: '2026-11-22T21:00:00Z' })];
    expect(nightSentence(reportNight(byNight(rows, evening), evening))).toBe(
      'Tonight so far: 1 run, finished.',
    );
  });

  test('the sentence counts what ended, and says nothing of what there was none of', () => {
    expect(nightSentence(reportNight(byNight(script.history(), MORNING), MORNING))).toBe(
      'Last night: 7 runs – 4 finished, 1 failed, 2 stopped.',
    );
    expect(nightSentence(reportNight([], MORNING))).toBe('Last night: no run ended.');
  });

  test('the detail names the closest call and what is still alive', () => {
    const [night] = byNight(script.history(), MORNING);
    if (!night) throw new Error('there is a night');
    expect(nightDetail(night, 2, (row) => `${row.longest_gap_s ?? 0} s`)).toBe(
      'Longest quiet time in a run that finished: 750 s (docs-sweep). 2 runs are still going on.',
    );
    const survived = {
      ...night,
      rows: [script.row(51, 'stuck', 60, 60, { outcome: 'aborted', survivors: [9] })],
    };
    expect(nightDetail(survived, 0, () => '')).toBe('Processes of stuck are still alive after the stop.');
  });
});

describe('the history', () => {
  test('filters live in the address and come back from it', () => {
    const filters = { text: 'a b', job: 'docs & more', outcome: 'aborted' } as const;
    expect(filtersOf(new URLSearchParams(queryOf(filters).toString()))).toEqual(filters);
    expect(filtersOf(new URLSearchParams('outcome=nonsense')).outcome).toBe('');
  });

  test('a text finds rows that hold all its words in any order', () => {
    const row = script.row(7, 'docs-sweep', 0, 1, { message: 'It finished after 40 steps.' });
    expect(matches(row, 'steps docs')).toBe(true);
    expect(matches(row, 'docs nothing')).toBe(false);
  });

  test('older runs are fetched below the last one and added', async () => {
    const backend = new FakeBackend({ now: MORNING });
    const first = backend.rows[0];
    if (!first) throw new Error('the script has rows');
    backend.rows = Array.from({ length: 250 }, (_, at) => ({ ...first, run: 250 - at }));
    const store = new HistoryStore(backend);
    await store.refresh({ text: '', job: '', outcome: '' });
    expect([store.rows.length, store.hasOlder]).toEqual([100, true]);
    await store.older();
    await store.older();
    expect([store.rows.length, store.hasOlder]).toEqual([250, false]);
    expect(new Set(store.rows.map((row) => row.run)).size).toBe(250);
  });

  test('what is shown stays shown when it is fetched again', async () => {
    const backend = new FakeBackend({ now: MORNING });
    const first = backend.rows[0];
    if (!first) throw new Error('the script has rows');
    backend.rows = Array.from({ length: 250 }, (_, at) => ({ ...first, run: 250 - at }));
    const store = new HistoryStore(backend);
    const filters = { text: '', job: '', outcome: '' } as const;
    await store.refresh(filters);
    await store.older();
    await store.refresh(filters);
    expect(store.rows.length).toBe(200);
  });
});

describe('the job form', () => {
  const spec = {
    name: 'a',
    type: 'llm',
    command: ['x', 'y z'],
    cwd: '~/w',
    env: { A: '1' },
    progress: 'p.json',
    observe: true,
    stop_signal: 'INT',
    limits: { grace: '5s', beat: '30s', max_cost: '5' },
  };

  test('a job goes through the form unchanged, and what is empty is left out', () => {
    expect(specOf(draftOf(spec))).toEqual(spec);
    expect(specOf(draftOf({ name: 'b', command: ['x'], limits: {} }))).toEqual({
      name: 'b',
      command: ['x'],
      limits: {},
    });
  });

  test('a run becomes a job with its command, its folder and its limits', () => {
    const row = script.history().find((one) => one.run === 41);
    if (!row) throw new Error('the script has a run 41');
    expect(specOf(draftOfRun(script.detail(row)))).toMatchObject({
      name: 'refactor-parser',
      type: 'agent',
      cwd: '/home/ann/work/parser',
      limits: { warn_after: '10m', stall_after: '30m' },
    });
  });

  test('an open quote is a fault of the command before anybody is asked', () => {
    expect(textFaults({ ...draftOf(spec), command: "a 'b" })).toEqual([
      { field: 'command', message: 'A single quote is not closed.' },
    ]);
  });

  test('faults of a field show once it was left, those of all fields once somebody tried to save', async () => {
    const form = new JobForm(new FakeBackend(), draftOf({ name: '', command: [], limits: {} }), null);
    await form.left('name');
    expect(form.error('name')).toBe('A job needs a name.');
    expect(form.error('command')).toBeNull();
    expect(form.summary).toEqual([]);
    expect(await form.save()).toBe(false);
    expect(form.summary.map((fault) => fault.field)).toEqual(['name', 'command']);
  });

  test('a refusal that names a field lands at the field, another one above the form', async () => {
    const backend = new FakeBackend({ now: MORNING });
    const form = new JobForm(backend, draftOf({ ...spec, name: 'changelog' }), null);
    // Somebody else took the name after it was judged.
    const taken = 'there is a job `changelog` already';
    backend.failures.set('addJob', { code: 'conflict', message: taken, hint: null, field: 'name' });
    expect(await form.save()).toBe(false);
    expect(form.error('name')).toBe('There is a job `changelog` already.');
    backend.failures.set('addJob', { code: 'storage', message: 'disk full', hint: null, field: null });
    form.draft.name = 'other';
    expect(await form.save()).toBe(false);
    expect(form.failure?.message).toBe('disk full');
  });

  test('a form is dirty exactly while it would save something else', async () => {
    const form = new JobForm(new FakeBackend({ now: MORNING }), draftOf(spec), 'a');
    expect(form.isDirty).toBe(false);
    form.draft.cwd = '~/v';
    expect(form.isDirty).toBe(true);
    form.draft.cwd = '~/w';
    expect(form.isDirty).toBe(false);
    form.draft.cwd = '~/v';
    expect(await form.save()).toBe(true);
    expect(form.isDirty).toBe(false);
  });
});

describe('the probe', () => {
  test('only the last path is looked at, after a pause', async () => {
    vi.useFakeTimers();
    const backend = new FakeBackend({ now: MORNING });
    const probe = new Probe(backend);
    probe.look('p', '');
    await vi.advanceTimersByTimeAsync(PROBE_DELAY_MS - 1);
    probe.look('progress.json', '~/work');
    expect(probe.pending).toBe(true);
    await vi.advanceTimersByTimeAsync(PROBE_DELAY_MS);
    expect(backend.calls.filter((call) => call.startsWith('probe '))).toEqual(['probe progress.json']);
    expect(probe.report?.state).toBe('readable');
    vi.useRealTimers();
  });

  test('an answer to a former path is dropped', async () => {
    vi.useFakeTimers();
    const probe = new Probe(new FakeBackend({ now: MORNING }));
    probe.look('progress.json', '');
    vi.advanceTimersByTime(PROBE_DELAY_MS);
    probe.look('', '');
    await vi.advanceTimersByTimeAsync(1);
    expect([probe.report, probe.pending]).toEqual([null, false]);
    vi.useRealTimers();
  });
});

describe('routes', () => {
  test.each([
    ['', 'overview'],
    ['#/history', 'history'],
    ['#/types', 'types'],
    ['#/history?text=a', 'history'],
    ['#/run/41', 'run'],
    ['#/run/x', 'unknown'],
    ['#/jobs', 'jobs'],
    ['#/jobs/new', 'job-new'],
    ['#/jobs/a%2Fb/edit', 'job-edit'],
    ['#/nowhere', 'unknown'],
  ])('%j shows %s', (hash, page) => {
    expect(routeOf(hash).page).toBe(page);
  });

  test('a name with a slash survives the address', () => {
    expect(routeOf('#/jobs/a%2Fb/edit')).toEqual({ page: 'job-edit', job: 'a/b' });
  });

  test('a form with changes holds back where somebody wants to go', () => {
    const router = new Router();
    const stop = router.start();
    router.go('#/jobs/new');
    window.dispatchEvent(new Event('hashchange'));
    router.guard(() => true);
    window.location.hash = '#/history';
    window.dispatchEvent(new Event('hashchange'));
    expect(router.route.page).toBe('job-new');
    expect(router.held).not.toBeNull();
    router.stay();
    expect(window.location.hash).toBe('#/jobs/new');
    stop();
  });
});
