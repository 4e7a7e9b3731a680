import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { manyRows } from '../../lib/backend/fake-history';
import { openWindow } from '../../test/window';

async function report(): Promise<HTMLElement> {
  return screen.findByRole('heading', {
    level: 1,
    name: 'Last night: 7 runs – 4 finished, 1 failed, 2 stopped.',
  });
}

/** The runs that go on are on the overview. */
async function overview(): Promise<HTMLElement> {
  return screen.findByRole('region', { name: 'Running' });
}

function jobsOf(section: string): string[] {
  const list = screen.getByRole('region', { name: section });
  return within(list)
    .getAllByRole('listitem')
    .map((item) => within(item).getAllByRole('link')[0]?.textContent ?? '');
}

function found(): (string | null)[] {
  const table = screen.getByRole('table', { name: /Ended runs/ });
  return within(table)
    .getAllByRole('link')
    .map((link) => link.textContent);
}

describe('the morning report', () => {
  test('the night is summed up in sentences, then come stopped runs, then all that ended', async () => {
    openWindow('history');
    await report();
    expect(screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent)).toEqual([
      'Stopped',
      'Ended runs',
    ]);
    expect(jobsOf('Stopped')).toEqual(['nightly-fuzz', 'refactor-parser']);
    expect(screen.getByText('About 5 h 42 min not wasted.')).toBeTruthy();
    expect(
      screen.getByText(/Longest quiet time in a good run: 12 min \(docs-sweep, limit 15 min\)/),
    ).toBeTruthy();
  });

  test('how the time is counted is said on demand, for each run', async () => {
    openWindow('history');
    await report();
    expect(screen.getByText(/started again within 5 minutes/)).toBeTruthy();
    const told = screen.getByText('How the time is counted').closest('details');
    expect(told?.open).toBe(false);
    const runs = [...(told?.querySelectorAll('li') ?? [])].map((item) => item.textContent);
    expect(runs).toEqual([
      'nightly-fuzz: 2 h 36 min, from 05:04 to 07:40, which is now.',
      'refactor-parser: 3 h 06 min, from 04:34 to 07:40, which is now.',
    ]);
  });

  test('another night is shown with its runs, stands in the address, and the way back is one press', async () => {
    openWindow('history');
    await report();
    screen.getByRole('button', { name: 'Previous night' }).click();
    await screen.findByRole('heading', {
      level: 1,
      name: 'Night of Fri 20 Nov: 3 runs – 1 finished, 1 stopped, 1 lost.',
    });
    expect(window.location.hash).toBe('#/history?night=2026-11-20');
    await waitFor(() => {
      expect(found()).toEqual(['refactor-lexer', 'docs-sweep', 'nightly-fuzz']);
    });
    expect(jobsOf('Stopped')).toEqual(['refactor-lexer']);
    screen.getByRole('button', { name: 'Last night' }).click();
    await report();
    expect(window.location.hash).toBe('#/history');
  });

  test('a day in the field shows its night, and one in which nothing ran says so', async () => {
    openWindow('history');
    await report();
    await fireEvent.change(screen.getByLabelText('Night that began on'), { target: { value: '2025-01-01' } });
    expect(await screen.findByText('Nothing ran between 18:00 and 10:00.')).toBeTruthy();
    expect(await screen.findByText('No run matches.')).toBeTruthy();
    expect(window.location.hash).toBe('#/history?night=2025-01-01');
  });

  test('runs that nobody has looked at are marked "new" until all are marked as seen', async () => {
    const backend = openWindow('history');
    await report();
    const stopped = screen.getByRole('region', { name: 'Stopped' });
    expect(within(stopped).getAllByText('new')).toHaveLength(2);
    expect(screen.getAllByRole('button', { name: /^new: mark run/ })).toHaveLength(2);
    expect(screen.getByRole('link', { name: /History\s*2 not seen yet/ })).toBeTruthy();
    screen.getByRole('button', { name: 'Mark all as seen' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: 'Mark all as seen' })).toBeNull();
    });
    expect(backend.calls).toContain('markAllSeen');
    expect(screen.getByRole('link', { name: 'History' })).toBeTruthy();
  });

  test('a running run shows its step, and the time since its last advance against its limits', async () => {
    openWindow('');
    await overview();
    const [meter] = screen.getAllByRole('meter', { name: 'Time since the last advance' });
    expect(meter?.getAttribute('aria-valuetext')).toBe('13 min of 30 min, past the warning');
    expect(screen.getByText('step 22 of 60 – converting tests/parser')).toBeTruthy();
  });

  test('a snapshot changes what is shown without anybody asking', async () => {
    const backend = openWindow('');
    await overview();
    backend.runs = backend.runs.map((run) =>
      run.run === 48 ? { ...run, step: 23, note: 'converting tests/lexer' } : run,
    );
    backend.publish();
    expect(await screen.findByText('step 23 of 60 – converting tests/lexer')).toBeTruthy();
  });

  test('a running run shows what it reports of itself, and nothing where it reports nothing', async () => {
    const backend = openWindow('');
    await overview();
    expect(screen.queryByRole('list', { name: 'What it reports' })).toBeNull();
    backend.runs = backend.runs.map((run) =>
      run.run === 48
        ? { ...run, liveness: 'healthy', activity: 'tool', doing: 'Bash: cargo test', expected_s: 1500 }
        : run,
    );
    backend.publish();
    const list = await screen.findByRole('list', { name: 'What it reports' });
    const said = within(list).getAllByRole('listitem');
    expect(said.map((item) => item.textContent)).toEqual([
      'Healthy',
      'Bash: cargo test',
      'Up to 25 min for this step',
    ]);
  });

  test('a run that waits for a free slot says for what, and shows no clock', async () => {
    const backend = openWindow('');
    await overview();
    backend.runs = backend.runs.map((run) =>
      run.run === 49
        ? { ...run, phase: 'queued', pid: null, queue: { type: 'llm', running: 2, slots: 2, ahead: 1 } }
        : run,
    );
    backend.publish();
    expect(
      await screen.findByText('Waits for a free slot: 2 of 2 llm runs are running; 1 run is before it.'),
    ).toBeTruthy();
    expect(screen.getAllByRole('meter', { name: 'Time since the last advance' })).toHaveLength(1);
    screen.getByRole('button', { name: 'Stop run 49, release-notes…' }).click();
    const dialog = await screen.findByRole('dialog', { name: 'Stop release-notes?' });
    expect(dialog.textContent).toContain('gives its place up and is not started');
    expect(within(dialog).queryByRole('checkbox')).toBeNull();
  });

  test('a stop is asked for twice and then sent', async () => {
    const backend = openWindow('');
    await overview();
    screen.getByRole('button', { name: 'Stop run 48, migrate-tests…' }).click();
    const dialog = await screen.findByRole('dialog', { name: 'Stop migrate-tests?' });
    expect(backend.calls).not.toContain('stop 48');
    within(dialog).getByRole('button', { name: 'Stop' }).click();
    await waitFor(() => {
      expect(backend.calls).toContain('stop 48');
    });
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
  });

  test('a stop that is refused says why and stays open', async () => {
    const backend = openWindow('');
    await overview();
    backend.failures.set('stopRun', {
      code: 'conflict',
      message: 'run 48 has ended already',
      hint: 'look at the history',
      field: null,
    });
    screen.getByRole('button', { name: 'Stop run 48, migrate-tests…' }).click();
    const dialog = await screen.findByRole('dialog');
    within(dialog).getByRole('button', { name: 'Stop' }).click();
    expect((await within(dialog).findByRole('alert')).textContent).toContain(
      'Run 48 has ended already. Look at the history.',
    );
  });
});

describe('processes that a run left behind', () => {
  test('are named above every page and stopped with one click', async () => {
    const backend = openWindow('history');
    await report();
    backend.leftovers = [
      { run: 41, job: 'web', pids: [811, 812], stopping: false, ended_at: '2026-11-22T07:00:00Z' },
    ];
    backend.publish();
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Run 41 of web is over and left 2 processes (pids 811, 812) behind');
    within(alert).getByRole('button', { name: 'Stop them' }).click();
    await waitFor(() => {
      expect(backend.calls).toContain('stop 41');
    });
    const stopping = await screen.findByRole('button', { name: 'Stopping…' });
    expect((stopping as HTMLButtonElement).disabled).toBe(true);
  });
});

describe('the table of ended runs', () => {
  test('a text narrows it and stays in the address', async () => {
    openWindow('history');
    await report();
    const filter = screen.getByRole('searchbox', { name: 'Filter by text' });
    await fireEvent.input(filter, { target: { value: 'cargo audit' } });
    await waitFor(() => {
      expect(found()).toEqual(['dependency-review']);
    });
    expect(window.location.hash).toBe('#/history?text=cargo+audit');
    await waitFor(() => {
      expect(screen.getAllByRole('status').map((status) => status.textContent)).toContain('1 run matches.');
    });
  });

  test('several jobs and results can be chosen, and the report stays about the whole night', async () => {
    openWindow('history');
    await report();
    await fireEvent.click(screen.getByRole('checkbox', { name: 'nightly-fuzz', hidden: true }));
    await fireEvent.click(screen.getByRole('checkbox', { name: 'refactor-parser', hidden: true }));
    await waitFor(() => {
      expect(found()).toEqual(['nightly-fuzz', 'refactor-parser', 'nightly-fuzz']);
    });
    await fireEvent.click(screen.getByRole('checkbox', { name: 'Stopped: hard kill', hidden: true }));
    await waitFor(() => {
      expect(found()).toEqual(['refactor-parser']);
    });
    expect(window.location.hash).toBe('#/history?job=nightly-fuzz&job=refactor-parser&result=hard-kill');
    await report();
    screen.getByRole('button', { name: 'Clear filters' }).click();
    await waitFor(() => {
      expect(found().length).toBeGreaterThan(9);
    });
    expect(window.location.hash).toBe('#/history');
  });

  test('a filter that nothing matches says so and offers the way out', async () => {
    openWindow('history?text=nothing-like-this');
    expect(await screen.findByText('No run matches.')).toBeTruthy();
    screen.getAllByRole('button', { name: 'Clear filters' })[0]?.click();
    expect(await screen.findByRole('table', { name: /Ended runs/ })).toBeTruthy();
    expect(window.location.hash).toBe('#/history');
  });

  test('the heads of its columns sort it, and say so', async () => {
    openWindow('history?result=no-progress&result=by-you');
    await waitFor(() => {
      expect(found()).toEqual(['nightly-fuzz', 'refactor-parser', 'refactor-lexer']);
    });
    screen.getByRole('button', { name: 'Duration' }).click();
    await waitFor(() => {
      expect(found()).toEqual(['refactor-parser', 'refactor-lexer', 'nightly-fuzz']);
    });
    expect(screen.getByRole('columnheader', { name: 'Duration' }).getAttribute('aria-sort')).toBe(
      'descending',
    );
    screen.getByRole('button', { name: 'Duration' }).click();
    await waitFor(() => {
      expect(found()).toEqual(['nightly-fuzz', 'refactor-lexer', 'refactor-parser']);
    });
    expect(window.location.hash).toContain('sort=duration');
  });

  test('a row says where it had come to, how quiet it was, why it ended, and opens its run', async () => {
    openWindow('history?result=hard-kill');
    const table = await screen.findByRole('table', { name: /Ended runs, newest first, by night/ });
    const [, , row] = within(table).getAllByRole('row');
    if (!row) throw new Error('there is a row');
    expect(
      within(row)
        .getAllByRole('cell')
        .map((cell) => cell.textContent.replace(/\s+/g, ' ').trim()),
    ).toEqual([
      'Killed',
      'refactor-parser #41',
      '02:16',
      '2 h 18 min',
      '14/40 · parse tests',
      '30 / 30 min',
      'No progress',
      'new',
    ]);
    expect(within(table).getByRole('rowheader', { name: 'Last night' })).toBeTruthy();
    row.click();
    expect(window.location.hash).toBe('#/run/41');
  });

  test('a run is marked as seen, and as not seen again', async () => {
    const backend = openWindow('history?result=hard-kill');
    (await screen.findByRole('button', { name: 'new: mark run 41, refactor-parser, as seen' })).click();
    (await screen.findByRole('button', { name: 'Mark run 41, refactor-parser, as not seen' })).click();
    await screen.findByRole('button', { name: /^new: mark run 41/ });
    expect(backend.calls.filter((call) => /^mark/.test(call))).toEqual(['markSeen', 'markUnseen']);
  });

  test('older runs are loaded by the page, with how many there are', async () => {
    const backend = openWindow('jobs');
    await screen.findByRole('heading', { name: 'Jobs' });
    backend.rows = manyRows(backend.script, 250);
    window.location.hash = '#/history';
    window.dispatchEvent(new Event('hashchange'));
    (await screen.findByRole('button', { name: 'Load older (150 more)' })).click();
    const more = await screen.findByRole('button', { name: 'Load older (50 more)' });
    await waitFor(() => {
      expect(more.getAttribute('aria-busy')).toBe('false');
    });
    more.click();
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: /Load older/ })).toBeNull();
    });
    expect(found()).toHaveLength(250);
  });

  test('arrows and J and K go from run to run', async () => {
    openWindow('history?result=no-progress');
    await screen.findByRole('table', { name: /Ended runs/ });
    const [first, second] = within(screen.getByRole('table')).getAllByRole('link');
    first?.focus();
    await fireEvent.keyDown(document.activeElement ?? document.body, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(second);
    await fireEvent.keyDown(document.activeElement ?? document.body, { key: 'k' });
    expect(document.activeElement).toBe(first);
  });

  test('the slash and Ctrl+F go to the filter', async () => {
    openWindow('history');
    await report();
    await fireEvent.keyDown(document.body, { key: '/' });
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
    (document.activeElement as HTMLElement).blur();
    await fireEvent.keyDown(document.body, { key: 'f', ctrlKey: true });
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
  });
});

describe('an export', () => {
  test('writes what is on the screen, and says where it is', async () => {
    const backend = openWindow('history?result=no-progress');
    (await screen.findByRole('button', { name: 'Export 2 runs as CSV' })).click();
    expect(await screen.findByText('/home/ann/Downloads/nightkeep-history.csv')).toBeTruthy();
    expect(backend.calls).toContain('exportHistory csv');
  });

  test('that takes long shows how far it is and can be cancelled', async () => {
    const backend = openWindow('history');
    await report();
    backend.holdExport();
    screen.getByRole('button', { name: 'Export 45 runs as JSON' }).click();
    expect(await screen.findByRole('progressbar', { name: 'Writing 0 of 45 runs…' })).toBeTruthy();
    screen.getByRole('button', { name: 'Cancel' }).click();
    expect(await screen.findByText(/The export was cancelled; no file was left behind/)).toBeTruthy();
  });

  test('that fails says why', async () => {
    const backend = openWindow('history');
    await report();
    backend.failures.set('exportHistory', {
      code: 'internal',
      message: 'the disk is full',
      hint: null,
      field: null,
    });
    screen.getByRole('button', { name: 'Export 45 runs as CSV' }).click();
    expect((await screen.findByRole('alert')).textContent).toContain('The export failed. The disk is full.');
  });
});

describe('without anything to show', () => {
  test('the first start says what to do', async () => {
    openWindow('history', { scene: 'empty' });
    expect(await screen.findByRole('heading', { name: 'Nothing has run yet.' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Add a job' }).getAttribute('href')).toBe('#/jobs/new');
  });

  test('a history that cannot be read says why, and offers the folder and the details', async () => {
    const backend = openWindow('jobs');
    await screen.findByRole('heading', { name: 'Jobs' });
    const fault = {
      code: 'storage',
      message: 'reading `/data/nightkeep.db` failed',
      hint: null,
      field: null,
    } as const;
    backend.failures.set('historyPage', fault);
    window.location.hash = '#/history';
    window.dispatchEvent(new Event('hashchange'));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('The history could not be read. Reading /data/nightkeep.db failed.');
    within(alert).getByRole('button', { name: 'Open data folder' }).click();
    await waitFor(() => {
      expect(backend.calls).toContain('openDataFolder');
    });
    expect(within(alert).getByRole('button', { name: 'Copy details' })).toBeTruthy();
    expect(screen.queryByText('No run has ended yet.')).toBeNull();
  });

  test('without an engine the window says so, and tries again when told', async () => {
    openWindow('history', { scene: 'away' });
    expect(await screen.findByRole('heading', { name: 'Not connected to the engine.' })).toBeTruthy();
    expect(screen.getByRole('alert').textContent).toBe('The engine does not answer.');
    screen.getByRole('button', { name: 'Try again' }).click();
    expect(await screen.findByRole('heading', { level: 1, name: /Nothing has run|Last night/ })).toBeTruthy();
  });

  test('an engine that goes away leaves what was shown, marked as such', async () => {
    const backend = openWindow('');
    await overview();
    backend.goAway();
    expect((await screen.findByRole('alert')).textContent).toContain('Not connected to the engine.');
    expect(screen.getByText(/^Not watching: /)).toBeTruthy();
    expect(jobsOf('Running')).toHaveLength(2);
  });

  test('what is wrong with the watch is said on every page', async () => {
    const backend = openWindow('jobs');
    await screen.findByRole('heading', { name: 'Jobs' });
    const live = backend.script.live.bind(backend.script);
    backend.script.live = (...args) => ({
      ...live(...args),
      faults: [{ kind: 'storage', message: 'the history cannot be written' }],
    });
    backend.publish();
    expect((await screen.findByRole('alert')).textContent).toContain('The history cannot be written.');
    expect(screen.getByText('Watching · 1 fault')).toBeTruthy();
  });
});
