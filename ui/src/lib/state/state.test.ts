import { describe, expect, test, vi } from 'vitest';
import { Script } from '../backend/fake-data';
import { FakeBackend } from '../backend/fake';
import { manyRows } from '../backend/fake-history';
import { draftOf, draftOfRun, specOf, textFaults } from './draft';
import { filtersOf, pageQueryOf, queryOf, sortedBy, type Filters } from './filters';
import { HistoryStore } from './history.svelte';
import { JobForm } from './jobform.svelte';
import { LiveStore } from './live.svelte';
import { boundsOfNight, byNight, dayAfter, isDate, nightLabel } from './nights';
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

  test('a night is found by the day on whose evening it began, from six to ten', () => {
    expect(boundsOfNight('2026-11-30')).toEqual({
      from: '2026-11-30T18:00:00.000Z',
      to: '2026-12-01T10:00:00.000Z',
    });
    expect([dayAfter('2026-12-31', 1), dayAfter('2026-03-01', -1)]).toEqual(['2027-01-01', '2026-02-28']);
    expect(['2026-11-21', '2026-02-30', '21.11.2026', ''].map(isDate)).toEqual([true, false, false, false]);
  });
});

describe('the history', () => {
  const plain = filtersOf(new URLSearchParams());

  function many(): { backend: FakeBackend; store: HistoryStore } {
    const backend = new FakeBackend({ now: MORNING });
    backend.rows = manyRows(backend.script, 250);
    return { backend, store: new HistoryStore(backend) };
  }

  test('filters live in the address and come back from it', () => {
    const filters: Filters = {
      text: 'a b',
      jobs: ['docs & more', 'x,y'],
      results: ['hard-kill', 'recovered'],
      period: 'week',
      night: '2026-11-20',
      sort: { order: 'duration', ascending: false },
    };
    expect(filtersOf(new URLSearchParams(queryOf(filters).toString()))).toEqual(filters);
    expect(queryOf(plain).toString()).toBe('');
    const nonsense = filtersOf(new URLSearchParams('result=nonsense&night=soon&sort=-job&period=ever'));
    expect(nonsense).toEqual(plain);
    expect(filtersOf(new URLSearchParams('night=2026-11-20')).period).toBe('night');
  });

  test('the engine is asked for what the filters say', () => {
    expect(pageQueryOf(plain, '2026-11-21', MORNING)).toEqual({
      filter: {},
      order: 'ended',
      ascending: false,
    });
    expect(pageQueryOf({ ...plain, text: ' x ', period: 'night' }, '2026-11-21', MORNING).filter).toEqual({
      text: 'x',
      from: '2026-11-21T18:00:00.000Z',
      to: '2026-11-22T10:00:00.000Z',
    });
    expect(pageQueryOf({ ...plain, period: 'week' }, '', MORNING).filter).toEqual({
      from: '2026-11-15T00:00:00.000Z',
    });
  });

  test('the head of a column turns the order round, and then back to the newest first', () => {
    const first = sortedBy(plain.sort, 'duration');
    const second = sortedBy(first, 'duration');
    expect([first, second, sortedBy(second, 'duration')]).toEqual([
      { order: 'duration', ascending: false },
      { order: 'duration', ascending: true },
      plain.sort,
    ]);
  });

  test('older runs are fetched below the last one and added', async () => {
    const { store } = many();
    await store.ask({});
    expect([store.rows.length, store.total, store.older]).toEqual([100, 250, 150]);
    await store.loadOlder();
    await store.loadOlder();
    expect([store.rows.length, store.older]).toEqual([250, 0]);
    expect(new Set(store.rows.map((row) => row.run)).size).toBe(250);
  });

  test('what was loaded stays when the first page is fetched again, and what has come stands above it', async () => {
    const { backend, store } = many();
    await store.ask({});
    await store.loadOlder();
    backend.rows = [backend.script.row(999, 'fresh', 0, 60, {}), ...backend.rows];
    await store.refresh();
    expect([store.rows.length, store.rows[0]?.job, store.older]).toEqual([201, 'fresh', 50]);
  });

  test('another question begins at its first page', async () => {
    const { store } = many();
    await store.ask({});
    await store.loadOlder();
    await store.ask({ filter: { results: ['hard-kill'] } });
    expect([store.rows.length, store.total, store.older]).toEqual([1, 1, 0]);
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
