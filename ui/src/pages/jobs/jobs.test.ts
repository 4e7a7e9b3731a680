import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test, vi } from 'vitest';
import { FakeBackend } from '../../lib/backend/fake';
import { LOOK_EVERY_MS } from '../../lib/state/marker-looks.svelte';
import { MORNING, openWindow } from '../../test/window';

async function fill(label: string, value: string): Promise<HTMLElement> {
  const field = await screen.findByLabelText(label);
  await fireEvent.input(field, { target: { value } });
  await fireEvent.blur(field);
  return field;
}

describe('the list of jobs', () => {
  test('names each job with what it can do at the moment', async () => {
    openWindow('jobs');
    await screen.findByRole('button', { name: 'Run now: docs-sweep' });
    expect(screen.getByRole('link', { name: 'running as run 48' })).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Stop migrate-tests…' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Run now: migrate-tests' })).toBeNull();
    expect(screen.getByRole('link', { name: 'Last run of nightly-fuzz: Stopped' }).getAttribute('href')).toBe(
      '#/run/44',
    );
  });

  test('a job for which there is no free slot says that it waits', async () => {
    const backend = openWindow('jobs');
    backend.places.set('docs-sweep', { type: null, running: 4, slots: 4, ahead: 2 });
    (await screen.findByRole('button', { name: 'Run now: docs-sweep' })).click();
    expect(
      await screen.findByText(
        'docs-sweep waits for a free slot as run 50: 4 of 4 runs are running; 2 runs are before it.',
      ),
    ).toBeTruthy();
  });

  test('a job that is kept stopped says so and is resumed with one click', async () => {
    const backend = openWindow('jobs');
    await screen.findByRole('button', { name: 'Run now: docs-sweep' });
    backend.held = [
      {
        job: 'docs-sweep',
        state: 'killed',
        since: '2020-11-22T07:00:00Z',
        failures: 0,
        next_start: null,
      },
    ];
    backend.publish();
    const resume = await screen.findByRole('button', { name: 'Resume docs-sweep' });
    expect(screen.getByText(/^Kept stopped since /)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Run now: docs-sweep' })).toBeNull();
    resume.click();
    await screen.findByRole('button', { name: 'Run now: docs-sweep' });
    expect(backend.calls).toContain('resume docs-sweep');
  });

  test('the notifications of a job are snoozed from its menu, and shown again', async () => {
    const backend = openWindow('jobs');
    (await screen.findByRole('button', { name: 'More for docs-sweep' })).click();
    (await screen.findByRole('menuitem', { name: 'Snooze notifications for tonight' })).click();
    expect(await screen.findByText(/^Notifications snoozed until \d\d:\d\d\.$/)).toBeTruthy();
    (await screen.findByRole('button', { name: 'More for docs-sweep' })).click();
    (await screen.findByRole('menuitem', { name: 'Show notifications again' })).click();
    await waitFor(() => {
      expect(screen.queryByText(/^Notifications snoozed/)).toBeNull();
    });
    expect(backend.calls).toEqual(expect.arrayContaining(['snooze docs-sweep', 'unsnooze docs-sweep']));
  });

  test('a job that failed too often is named above every page', async () => {
    const backend = openWindow('history');
    backend.held = [
      {
        job: 'nightly-fuzz',
        state: 'breaker-open',
        since: '2026-11-22T07:00:00Z',
        failures: 3,
        next_start: null,
      },
    ];
    await screen.findByRole('searchbox', { name: 'Filter by text' });
    backend.publish();
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('nightly-fuzz will not start again');
    expect(alert.textContent).toContain('It failed or was stopped 3 times in a row');
    within(alert).getByRole('button', { name: 'Resume' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('alert')).toBeNull();
    });
    expect(backend.calls).toContain('resume nightly-fuzz');
  });

  test('a job that cannot be started says why', async () => {
    const backend = openWindow('jobs');
    backend.failures.set('startJob', {
      code: 'cannot-start',
      message: 'no program `python3`',
      hint: 'install it',
      field: null,
    });
    (await screen.findByRole('button', { name: 'Run now: docs-sweep' })).click();
    expect((await screen.findByRole('alert')).textContent).toContain(
      'docs-sweep could not be started. No program python3. Install it.',
    );
  });

  test('a job is deleted after a question, and brought back by "Undo"', async () => {
    const backend = openWindow('jobs');
    (await screen.findByRole('button', { name: 'More for nightly-fuzz' })).click();
    (await screen.findByRole('menuitem', { name: 'Delete…' })).click();
    const dialog = await screen.findByRole('dialog', { name: 'Delete nightly-fuzz?' });
    within(dialog).getByRole('button', { name: 'Delete' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: 'Run now: nightly-fuzz' })).toBeNull();
    });
    (await screen.findByRole('button', { name: 'Undo' })).click();
    expect(await screen.findByText('nightly-fuzz is back.')).toBeTruthy();
    expect(backend.jobViews.find((job) => job.spec.name === 'nightly-fuzz')?.spec.limits).toEqual({
      warn_after: '10m',
      stall_after: '20m',
    });
  });

  test('without any job the page says what a job is', async () => {
    openWindow('jobs', { scene: 'empty' });
    expect(await screen.findByRole('heading', { name: 'No jobs yet.' })).toBeTruthy();
    expect(screen.getByText(/A job is a command and a sign that it moves forward/)).toBeTruthy();
  });
});

describe('a test of a job', () => {
  test('says of each check what was found, and is gone when the job is changed', async () => {
    openWindow('jobs/new');
    await fill('Command', '/nowhere/agent --all');
    (await screen.findByRole('button', { name: 'Test now' })).click();
    expect(await screen.findByRole('heading', { name: '1 thing to mend before it runs' })).toBeTruthy();
    const checks = screen.getByRole('status', { name: 'Test' });
    expect(checks.textContent).toContain('The program /nowhere/agent was not found.');
    expect(within(checks).getByText(/^Program/).textContent).toContain('to mend');
    expect(within(checks).getByText(/^Marker/).textContent).toContain('worth a look');
    await fill('Command', 'agent --all');
    expect(screen.queryByText('The program /nowhere/agent was not found.')).toBeNull();
    (await screen.findByRole('button', { name: 'Test now' })).click();
    expect(await screen.findByRole('heading', { name: 'Ready to be left alone' })).toBeTruthy();
  });

  test('that cannot be made says why', async () => {
    const backend = openWindow('jobs/new');
    backend.failures.set('preflight', {
      code: 'unreachable',
      message: 'the engine is ending',
      hint: null,
      field: null,
    });
    (await screen.findByRole('button', { name: 'Test now' })).click();
    expect((await screen.findByRole('alert')).textContent).toContain('The job could not be tested');
  });
});

describe('the panel of a test', () => {
  test('says what would be started and what would be stopped, and reads the marker three times', async () => {
    const backend = openWindow('jobs/new');
    await fill('Command', `agent 'two words'`);
    await fill('Marker file', 'progress.json');
    vi.useFakeTimers({ now: MORNING });
    screen.getByRole('button', { name: 'Test now' }).click();
    await vi.advanceTimersByTimeAsync(0);
    const panel = within(screen.getByRole('status', { name: 'Test' }));
    expect(
      panel.getByText(
        /everything that it started, wherever that has gone; not other processes of yours\. First it is asked with SIGTERM, and after 20 s what is left is killed\./,
      ),
    ).toBeTruthy();
    expect(panel.getByText('two words')).toBeTruthy();
    expect(panel.getByText('Look 2 of 3…')).toBeTruthy();
    await vi.advanceTimersByTimeAsync(2 * LOOK_EVERY_MS);
    expect(panel.getAllByText(/Readable. Now: step 3/)).toHaveLength(3);
    expect(
      panel.getByText('It does not move at the moment, which is right while nothing runs.'),
    ).toBeTruthy();
    expect(backend.calls.filter((call) => call === 'start').length).toBe(0);
  });

  test('says that nothing would be stopped where a stall is only recorded', async () => {
    openWindow('jobs/release-notes/edit');
    (await screen.findByRole('button', { name: 'Test now' })).click();
    expect(await screen.findByText(/Nothing: a stall is only recorded\./)).toBeTruthy();
    expect(screen.getByText(/Each run has a marker of its own/)).toBeTruthy();
  });
});

describe('what a job can be started from', () => {
  test('fills the form in, and leaves what was typed', async () => {
    openWindow('jobs/new');
    (await screen.findByRole('button', { name: 'Claude Code' })).click();
    const command = screen.getByLabelText<HTMLTextAreaElement>('Command');
    await waitFor(() => {
      expect(command.value).toContain('claude -p');
    });
    expect(screen.getByLabelText<HTMLSelectElement>('Type').value).toBe('agent');
    expect(screen.getByLabelText<HTMLTextAreaElement>('Beside the marker').value).toBe('claude-stream');
    screen.getByRole('button', { name: 'Codex' }).click();
    await waitFor(() => {
      expect(command.value).toContain('codex exec --json');
    });
    await fill('Command', 'my own --thing');
    screen.getByRole('button', { name: 'Python script' }).click();
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLInputElement>('Marker file').value).toBe('progress.json');
    });
    expect(command.value).toBe('my own --thing');
    expect(screen.getByLabelText<HTMLTextAreaElement>('Beside the marker').value).toBe('');
  });

  test('shows the line for the crontab and the command to attach, with the job’s name in it', async () => {
    openWindow('jobs/new');
    await fill('Name', 'backup');
    screen.getByRole('button', { name: 'Cron job' }).click();
    expect(await screen.findByText('0 2 * * * nightkeep start backup')).toBeTruthy();
    screen.getByRole('button', { name: 'Attach' }).click();
    expect(
      await screen.findByText(
        'nightkeep attach --name backup --type generic --progress progress.json --pid PID',
      ),
    ).toBeTruthy();
  });

  test('is not offered for a job that is there', async () => {
    openWindow('jobs/docs-sweep/edit');
    await screen.findByLabelText('Name');
    expect(screen.queryByRole('button', { name: 'Claude Code' })).toBeNull();
  });
});

describe('a job in the list', () => {
  test('shows its last runs in a strip that reads without a picture', async () => {
    openWindow('jobs');
    expect(
      await screen.findByRole('img', { name: 'Last 27 runs: 27 finished. The newest finished.' }),
    ).toBeTruthy();
    expect(
      screen.getByRole('img', { name: 'Last 2 runs: 1 stopped and 1 lost. The newest stopped.' }),
    ).toBeTruthy();
  });

  test('is switched off after a question, and on again by "Undo"', async () => {
    const backend = openWindow('jobs');
    const enabled = await screen.findByRole('switch', { name: 'Enabled: migrate-tests' });
    expect(enabled.getAttribute('aria-checked')).toBe('true');
    enabled.click();
    const dialog = within(await screen.findByRole('dialog', { name: 'Pause migrate-tests?' }));
    expect(dialog.getByText(/Run 48 is stopped/)).toBeTruthy();
    dialog.getByRole('button', { name: 'Stop the run and pause' }).click();
    await waitFor(() => {
      expect(enabled.getAttribute('aria-checked')).toBe('false');
    });
    expect(backend.calls).toContain('stop job migrate-tests');
    (await screen.findByRole('button', { name: 'Undo' })).click();
    await waitFor(() => {
      expect(enabled.getAttribute('aria-checked')).toBe('true');
    });
  });

  test('has a menu that is used with the keyboard', async () => {
    openWindow('jobs');
    const more = await screen.findByRole('button', { name: 'More for docs-sweep' });
    more.click();
    const copy = await screen.findByRole('menuitem', { name: 'Duplicate' });
    await waitFor(() => {
      expect(document.activeElement).toBe(copy);
    });
    await fireEvent.keyDown(copy, { key: 'ArrowUp' });
    expect(document.activeElement).toBe(screen.getByRole('menuitem', { name: 'Delete…' }));
    await fireEvent.keyDown(screen.getByRole('menu'), { key: 'Escape' });
    expect(screen.queryByRole('menu')).toBeNull();
    expect(document.activeElement).toBe(more);
    expect(window.location.hash).toBe('#/jobs');
  });

  test('says that its circuit breaker is open', async () => {
    const backend = openWindow('jobs');
    await screen.findByRole('button', { name: 'Run now: nightly-fuzz' });
    backend.held = [
      { job: 'nightly-fuzz', state: 'breaker-open', since: null, failures: 3, next_start: null },
    ];
    backend.publish();
    expect(await screen.findByText(/Circuit breaker open\. Will not start again/)).toBeTruthy();
  });
});

describe('the form', () => {
  test('what few jobs say is folded away, and is there where a job says it', async () => {
    const backend = openWindow('jobs/docs-sweep/edit');
    const more = (): HTMLDetailsElement | null => screen.getByText('More').closest('details');
    await screen.findByLabelText('Name');
    expect(more()?.open).toBe(false);
    await fireEvent.change(screen.getByLabelText('When it stalls'), { target: { value: 'restart' } });
    await fill('A service that it needs', 'tcp://localhost:5432');
    await fill('Cap for a run, in dollars', '2.50');
    await fireEvent.click(screen.getByLabelText('Tell me when it finishes or fails by itself, too'));
    await fireEvent.click(screen.getByLabelText(/^May wake me/));
    screen.getByRole('button', { name: 'Save' }).click();
    await screen.findByText('Saved.');
    expect(backend.jobViews.find((job) => job.spec.name === 'docs-sweep')?.spec).toMatchObject({
      on_stall: 'restart',
      check_url: 'tcp://localhost:5432',
      notify_end: true,
      may_wake: true,
      limits: { max_cost: '2.50' },
    });
    await screen.findByRole('heading', { name: 'Jobs' });
    window.location.hash = '#/jobs/docs-sweep/edit';
    await fireEvent(window, new Event('hashchange'));
    await screen.findByLabelText('Name');
    expect(more()?.open).toBe(true);
  });

  test('the address for pings can be copied, and a UUID made', async () => {
    const backend = new FakeBackend({ now: MORNING });
    const [first] = backend.jobViews;
    if (!first) throw new Error('the scene has jobs');
    const url = 'http://127.0.0.1:8765/ping/key/docs-sweep';
    backend.jobViews = [{ ...first, check: { job: 'docs-sweep', slug: 'docs-sweep', url, last: null } }];
    openWindow('jobs/docs-sweep/edit', {}, backend);
    expect(await screen.findByText(url)).toBeTruthy();
    screen.getByRole('button', { name: 'Make one' }).click();
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLInputElement>('UUID for pings').value).toMatch(/^[\da-f]{8}-/);
    });
  });

  test('a job whose run goes on says from when changes hold', async () => {
    openWindow('jobs/migrate-tests/edit');
    expect(await screen.findByText(/Changes apply from the next run\./)).toBeTruthy();
  });

  test('a line for a shell is handed to one with one click', async () => {
    openWindow('jobs/new');
    await fill('Command', 'make all | tee log');
    screen.getByRole('button', { name: 'Run it in a shell' }).click();
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLTextAreaElement>('Command').value).toBe("sh -c 'make all | tee log'");
    });
  });

  test('the command is split while it is typed', async () => {
    openWindow('jobs/new');
    await fill('Command', `claude -p 'two words'`);
    expect(screen.getByText('A program and 2 arguments:')).toBeTruthy();
    expect(screen.getByText('two words')).toBeTruthy();
  });

  test('what is left empty shows what the type would give', async () => {
    openWindow('jobs/new');
    expect((await screen.findByLabelText('Stop after')).getAttribute('placeholder')).toBe('10m');
    await fireEvent.change(screen.getByLabelText('Type'), { target: { value: 'build' } });
    await waitFor(() => {
      expect(screen.getByLabelText('Stop after').getAttribute('placeholder')).toBe('1h');
    });
  });

  test('a fault shows below its field once the field was left, and is tied to it', async () => {
    openWindow('jobs/new');
    const field = await fill('Warn after', 'soon');
    expect(await screen.findByText(/is no length of time; write it like/)).toBeTruthy();
    await waitFor(() => {
      expect(field.getAttribute('aria-invalid')).toBe('true');
    });
    const described = (field.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '');
    expect(described.some((text) => text.includes('soon is no length of time'))).toBe(true);
    expect(screen.queryByText('A job needs a name.')).toBeNull();
  });

  test('a name that is taken is told while it is typed, and the fault goes as soon as it is mended', async () => {
    openWindow('jobs/docs-sweep/edit');
    const field = await screen.findByLabelText('Name');
    await fireEvent.input(field, { target: { value: 'nightly-fuzz' } });
    await waitFor(() => {
      expect(document.getElementById('field-name-error')?.textContent).toBe(
        'There is a job nightly-fuzz already.',
      );
    });
    await fireEvent.input(field, { target: { value: 'docs-sweep' } });
    await waitFor(() => {
      expect(field.getAttribute('aria-invalid')).toBeNull();
    });
  });

  test('a save that is refused lists all faults, and its links lead to the fields', async () => {
    openWindow('jobs/new');
    (await screen.findByRole('button', { name: 'Save' })).click();
    const summary = await screen.findByRole('alert');
    expect(within(summary).getByRole('heading').textContent).toBe(
      '2 things to mend before this can be saved',
    );
    await waitFor(() => {
      expect(document.activeElement?.contains(summary)).toBe(true);
    });
    within(summary).getByRole('link', { name: 'A job needs a command.' }).click();
    expect(document.activeElement).toBe(screen.getByLabelText('Command'));
    expect(window.location.hash).toBe('#/jobs/new');
  });

  test('the marker is looked at below its field', async () => {
    openWindow('jobs/new');
    await fill('Marker file', 'progress.json');
    expect(
      await screen.findByText(
        /Readable. Now: step 3\/40 \(changed 2 min 04 s ago\)\. It notes: draft written/,
      ),
    ).toBeTruthy();
  });

  test('a saved job is in the list, and the window says "Saved."', async () => {
    const backend = openWindow('jobs/new');
    await fill('Name', 'backup');
    await fill('Command', 'restic backup ~');
    screen.getByRole('button', { name: 'Save' }).click();
    expect(await screen.findByText('Saved.')).toBeTruthy();
    await waitFor(() => {
      expect(window.location.hash).toBe('#/jobs');
    });
    expect(backend.jobViews.at(-1)?.spec).toEqual({
      name: 'backup',
      command: ['restic', 'backup', '~'],
      limits: {},
    });
  });

  test('editing changes only what was changed', async () => {
    const backend = openWindow('jobs/nightly-fuzz/edit');
    await fill('Stop after', '30m');
    screen.getByRole('button', { name: 'Save' }).click();
    await screen.findByText('Saved.');
    expect(backend.jobViews.find((job) => job.spec.name === 'nightly-fuzz')?.spec).toEqual({
      name: 'nightly-fuzz',
      type: 'build',
      command: ['make', 'fuzz'],
      cwd: '~/work/parser',
      limits: { warn_after: '10m', stall_after: '30m' },
    });
  });

  test('a copy starts from the job under another name', async () => {
    openWindow('jobs/new?job=docs-sweep');
    expect((await screen.findByLabelText<HTMLInputElement>('Name')).value).toBe('docs-sweep copy');
    expect(screen.getByLabelText<HTMLTextAreaElement>('Command').value).toBe('python3 sweep.py --all');
  });

  test('changes are not lost by a click elsewhere', async () => {
    const backend = openWindow('jobs/new');
    await fill('Name', 'backup');
    await waitFor(() => {
      expect(backend.guard).not.toBeNull();
    });
    window.location.hash = '#/history';
    await fireEvent(window, new Event('hashchange'));
    const dialog = await screen.findByRole('dialog', { name: 'Leave without saving?' });
    within(dialog).getByRole('button', { name: 'Stay' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('backup');
    expect(window.location.hash).toBe('#/jobs/new');
  });

  test('closing the window asks first, and closes when that is meant', async () => {
    const backend = openWindow('jobs/new');
    await fill('Name', 'backup');
    await waitFor(() => {
      expect(backend.guard).not.toBeNull();
    });
    expect(backend.guard?.()).toBe(false);
    const dialog = await screen.findByRole('dialog', { name: 'Leave without saving?' });
    expect(backend.calls).not.toContain('closeWindow');
    within(dialog).getByRole('button', { name: 'Leave' }).click();
    await waitFor(() => {
      expect(backend.calls).toContain('closeWindow');
    });
    expect(backend.guard).toBeNull();
  });

  test('values that look secret are masked', async () => {
    openWindow('jobs/new');
    (await screen.findByRole('button', { name: 'Add a variable' })).click();
    await fill('Name 1', 'API_TOKEN');
    expect(screen.getByLabelText('Value 1').getAttribute('type')).toBe('password');
  });

  test('a job that there is none of says so', async () => {
    openWindow('jobs/nothing/edit');
    expect((await screen.findByRole('alert')).textContent).toContain('There is no job nothing.');
  });
});
