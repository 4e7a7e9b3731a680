import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { openWindow } from '../../test/window';

async function report(): Promise<HTMLElement> {
  return screen.findByRole('heading', {
    level: 1,
    name: 'Last night: 7 runs – 4 finished, 1 failed, 2 stopped.',
  });
}

function jobsOf(section: string): string[] {
  const list = screen.getByRole('region', { name: section });
  return within(list)
    .getAllByRole('listitem')
    .map((item) => within(item).getAllByRole('link')[0]?.textContent ?? '');
}

describe('the morning report', () => {
  test('the night is summed up in a sentence, then come stopped runs, then running ones, then all that ended', async () => {
    openWindow('history');
    await report();
    expect(screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent)).toEqual([
      'Stopped',
      'Running',
      'Ended runs',
    ]);
    expect(jobsOf('Stopped')).toEqual(['nightly-fuzz', 'refactor-parser']);
    expect(jobsOf('Running')).toEqual(['migrate-tests', 'release-notes']);
  });

  test('runs that nobody has looked at are marked "new" until all are marked as seen', async () => {
    const backend = openWindow('history');
    await report();
    const stopped = screen.getByRole('region', { name: 'Stopped' });
    expect(within(stopped).getAllByText('new')).toHaveLength(2);
    expect(screen.getByRole('link', { name: /History\s*2 not seen yet/ })).toBeTruthy();
    screen.getByRole('button', { name: 'Mark all as seen' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: 'Mark all as seen' })).toBeNull();
    });
    expect(backend.calls).toContain('markAllSeen');
    expect(screen.getByRole('link', { name: 'History' })).toBeTruthy();
  });

  test('a running run shows its step, and the time since its last advance against its limits', async () => {
    openWindow('history');
    await report();
    const [meter] = screen.getAllByRole('meter', { name: 'Time since the last advance' });
    expect(meter?.getAttribute('aria-valuetext')).toBe('13 min of 30 min, past the warning');
    expect(screen.getByText('step 22 of 60 – converting tests/parser')).toBeTruthy();
  });

  test('a snapshot changes what is shown without anybody asking', async () => {
    const backend = openWindow('history');
    await report();
    backend.runs = backend.runs.map((run) =>
      run.run === 48 ? { ...run, step: 23, note: 'converting tests/lexer' } : run,
    );
    backend.publish();
    expect(await screen.findByText('step 23 of 60 – converting tests/lexer')).toBeTruthy();
  });

  test('a running run shows what it reports of itself, and nothing where it reports nothing', async () => {
    const backend = openWindow('history');
    await report();
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
    const backend = openWindow('history');
    await report();
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
    const backend = openWindow('history');
    await report();
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
    const backend = openWindow('history');
    await report();
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
  test('filters narrow it and stay in the address', async () => {
    openWindow('history');
    await report();
    const filter = screen.getByRole('searchbox', { name: 'Filter by text' });
    await fireEvent.input(filter, { target: { value: 'cargo audit' } });
    const table = screen.getByRole('table', { name: /Ended runs/ });
    await waitFor(() => {
      expect(
        within(table)
          .getAllByRole('link')
          .map((link) => link.textContent),
      ).toEqual(['dependency-review']);
    });
    expect(window.location.hash).toBe('#/history?text=cargo+audit');
  });

  test('a filter that nothing matches says so and offers the way out', async () => {
    openWindow('history?text=nothing-like-this');
    expect(await screen.findByText('No run matches.')).toBeTruthy();
    screen.getByRole('button', { name: 'Clear filters' }).click();
    expect(await screen.findByRole('table', { name: /Ended runs/ })).toBeTruthy();
    expect(window.location.hash).toBe('#/history');
  });

  test('a result is filtered by the engine, and the report stays about the whole night', async () => {
    const backend = openWindow('history?outcome=failed');
    await report();
    const table = screen.getByRole('table', { name: /Ended runs/ });
    expect(within(table).getAllByRole('link')).toHaveLength(1);
    expect(backend.calls).toContain('history');
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

describe('without anything to show', () => {
  test('the first start says what to do', async () => {
    openWindow('history', { scene: 'empty' });
    expect(await screen.findByRole('heading', { name: 'Nothing has run yet.' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Add a job' }).getAttribute('href')).toBe('#/jobs/new');
  });

  test('without an engine the window says so, and tries again when told', async () => {
    openWindow('history', { scene: 'away' });
    expect(await screen.findByRole('heading', { name: 'Not connected to the engine.' })).toBeTruthy();
    expect(screen.getByRole('alert').textContent).toBe('The engine does not answer.');
    screen.getByRole('button', { name: 'Try again' }).click();
    expect(await screen.findByRole('heading', { level: 1, name: /Nothing has run|Last night/ })).toBeTruthy();
  });

  test('an engine that goes away leaves what was shown, marked as such', async () => {
    const backend = openWindow('history');
    await report();
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
