import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { FakeBackend } from '../../lib/backend/fake';
import { limitsOfType, fakeGaps } from '../../lib/backend/fake-types';
import { byActivity, copiedTexts, limitsOfTexts } from '../../lib/state/limits';
import { MORNING, openWindow } from '../../test/window';
import { spreadModel } from './spread';

async function card(name: string): Promise<HTMLElement> {
  return await screen.findByRole('article', { name });
}

describe('the job types', () => {
  test('say what holds while a run does what', async () => {
    openWindow('types');
    const agent = within(await card('agent'));
    expect(agent.getByRole('row', { name: 'Working 10 min 30 min' })).toBeTruthy();
    expect(agent.getByRole('row', { name: 'In a sub-agent 15 min 45 min' })).toBeTruthy();
    expect(agent.getByRole('row', { name: 'Waiting, asleep the clock stands still' })).toBeTruthy();
    const quick = within(await card('quick'));
    expect(quick.getByRole('row', { name: 'Whatever it does 60 s 2 min' })).toBeTruthy();
  });

  test('that Nightkeep brings can be copied and not deleted', async () => {
    openWindow('types');
    const agent = within(await card('agent'));
    expect(agent.getByRole('link', { name: 'Duplicate agent' }).getAttribute('href')).toBe(
      '#/types/new?from=agent',
    );
    expect(agent.queryByRole('link', { name: 'Edit agent' })).toBeNull();
    expect(agent.queryByRole('button', { name: 'Delete agent' })).toBeNull();
  });

  test('say how quiet past runs were, in a picture, in words and in a table', async () => {
    openWindow('types');
    const llm = within(await card('llm'));
    const picture = await llm.findByRole('img', { name: /Longest quiet times of runs: llm/ });
    expect(picture.textContent).toContain('The longest quiet time of each of 39 finished runs');
    expect(llm.getByText(/^Based on 39 finished runs: 95 % had no quiet time longer than/)).toBeTruthy();
    const table = within(
      llm.getByRole('table', { name: /The longest quiet time of each finished run/, hidden: true }),
    );
    expect(table.getAllByRole('row', { hidden: true })).toHaveLength(40);
  });

  test('say of too few runs that they are too few, and suggest nothing', async () => {
    openWindow('types');
    const quick = within(await card('quick'));
    expect(await quick.findByText('Not enough runs yet (1 of 10).')).toBeTruthy();
    expect(quick.queryByRole('button', { name: /Apply/ })).toBeNull();
  });

  test('take a suggestion for the whole type, and give it back', async () => {
    const backend = openWindow('types');
    (await screen.findByRole('button', { name: 'Apply to llm…' })).click();
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByLabelText<HTMLInputElement>('For the type llm').checked).toBe(true);
    dialog.getByRole('button', { name: 'Apply' }).click();
    const llm = within(await card('llm'));
    expect(await llm.findByRole('row', { name: 'Working 20 min 30 min' })).toBeTruthy();
    expect(await llm.findByText(/The limits in force fit: warn 20 min, stop 30 min\.$/)).toBeTruthy();
    (await screen.findByRole('button', { name: 'Undo' })).click();
    expect(await llm.findByRole('row', { name: 'Working 5 min 15 min' })).toBeTruthy();
    expect(backend.typeViews.find((type) => type.name === 'llm')?.overrides).toEqual({});
  });

  test('take a suggestion for some jobs alone, and give it back', async () => {
    const backend = openWindow('types');
    const limitsOf = (name: string): unknown =>
      backend.jobViews.find((job) => job.spec.name === name)?.spec.limits;
    (await screen.findByRole('button', { name: 'Apply to llm…' })).click();
    const dialog = within(await screen.findByRole('dialog'));
    await fireEvent.click(dialog.getByLabelText('Only for these jobs'));
    await fireEvent.click(await dialog.findByLabelText('release-notes'));
    dialog.getByRole('button', { name: 'Apply' }).click();
    await waitFor(() => {
      expect(limitsOf('docs-sweep')).toEqual({ warn_after: '20m', stall_after: '30m' });
    });
    expect(limitsOf('release-notes')).toEqual({});
    expect(backend.calls).not.toContain('set llm');
    (await screen.findByRole('button', { name: 'Undo' })).click();
    await waitFor(() => {
      expect(limitsOf('docs-sweep')).toEqual({});
    });
  });

  test('refuse to take a suggestion for no job at all', async () => {
    openWindow('types');
    (await screen.findByRole('button', { name: 'Apply to llm…' })).click();
    const dialog = within(await screen.findByRole('dialog'));
    await fireEvent.click(dialog.getByLabelText('Only for these jobs'));
    await fireEvent.click(await dialog.findByLabelText('release-notes'));
    await fireEvent.click(dialog.getByLabelText('docs-sweep'));
    dialog.getByRole('button', { name: 'Apply' }).click();
    expect((await dialog.findByRole('alert')).textContent).toContain('No job is chosen');
  });

  test('of one’s own are deleted while nobody uses them, and brought back', async () => {
    const backend = openWindow('types');
    await backend.setType('reviews', { stall_after: '25m' });
    (await screen.findByRole('button', { name: 'Delete reviews' })).click();
    await waitFor(() => {
      expect(screen.queryByRole('article', { name: 'reviews' })).toBeNull();
    });
    (await screen.findByRole('button', { name: 'Undo' })).click();
    await card('reviews');
    expect(backend.typeViews.find((type) => type.name === 'reviews')?.overrides).toEqual({
      stall_after: '25m',
    });
  });

  test('that jobs use cannot be deleted', async () => {
    const backend = openWindow('types');
    await backend.setType('reviews', {});
    await backend.addJob({ name: 'r', type: 'reviews', command: ['x'], limits: {} });
    const reviews = within(await card('reviews'));
    expect(await reviews.findByText('1 job')).toBeTruthy();
    expect(reviews.queryByRole('button', { name: 'Delete reviews' })).toBeNull();
  });

  test('that cannot be read say why', async () => {
    const backend = new FakeBackend();
    backend.failures.set('typeGaps', {
      code: 'storage',
      message: 'the disk is full',
      hint: null,
      field: null,
    });
    openWindow('types', {}, backend);
    expect((await screen.findAllByRole('alert'))[0]?.textContent).toContain('The disk is full.');
  });
});

describe('the page of a run', () => {
  test('says what past runs of its job speak for, and what that would have meant', async () => {
    const backend = new FakeBackend({ now: MORNING });
    const [first] = backend.rows;
    if (!first) throw new Error('the scene has runs');
    const stalled = { ...first, run: 60, outcome: 'aborted', reason: 'stalled', method: 'graceful' } as const;
    backend.rows = [stalled, ...backend.rows];
    openWindow('run/60', {}, backend);
    const past = within(await screen.findByRole('region', { name: /Quiet times of the runs of docs-sweep/ }));
    expect(
      past.getByText(/^Based on 27 finished runs: .* Suggested: warn 20 min, stop 30 min\.$/),
    ).toBeTruthy();
    expect(past.getByText(/A limit of 30 min would have given this run 15 min more\.$/)).toBeTruthy();
    past.getByRole('button', { name: 'Apply…' }).click();
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByLabelText<HTMLInputElement>('Only for these jobs').checked).toBe(true);
    expect(dialog.getByLabelText<HTMLInputElement>('docs-sweep').checked).toBe(true);
    expect(dialog.getByLabelText<HTMLInputElement>('release-notes').checked).toBe(false);
  });
});

describe('the form of a type', () => {
  test('is left with Escape, with a question where something would be lost', async () => {
    openWindow('types/new');
    const name = await screen.findByLabelText('Name');
    await fireEvent.keyDown(name, { key: 'Escape' });
    await screen.findByRole('heading', { level: 1, name: 'Job types' });
    window.location.hash = '#/types/new';
    await fireEvent.input(await screen.findByLabelText('Name'), { target: { value: 'nights' } });
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    (await screen.findByRole('button', { name: 'Leave' })).click();
    await screen.findByRole('heading', { level: 1, name: 'Job types' });
  });

  test('asks before the window closes with what is not saved', async () => {
    const backend = openWindow('types/new');
    await fireEvent.input(await screen.findByLabelText('Name'), { target: { value: 'nights' } });
    await waitFor(() => {
      expect(backend.guard?.()).toBe(false);
    });
    (await screen.findByRole('button', { name: 'Leave' })).click();
    await waitFor(() => {
      expect(backend.calls).toContain('closeWindow');
    });
  });

  test('starts from a copy that says what the type is', async () => {
    const backend = openWindow('types/new?from=agent');
    expect((await screen.findByLabelText<HTMLInputElement>('Name')).value).toBe('agent copy');
    expect(screen.getByLabelText<HTMLInputElement>('In a sub-agent: stop after').value).toBe('45m');
    const stop = screen.getByLabelText('Stop after');
    await fireEvent.input(stop, { target: { value: '50m' } });
    screen.getByRole('button', { name: 'Save' }).click();
    expect(await screen.findByText('Saved. It holds from the next run on.')).toBeTruthy();
    expect(backend.typeViews.at(-1)?.overrides).toMatchObject({
      warn_after: '10m',
      stall_after: '50m',
      subagent_stall_after: '45m',
    });
  });

  test('shows what the engine says of a field, below it', async () => {
    openWindow('types/new');
    const warn = await screen.findByLabelText('Warn after');
    await fireEvent.input(warn, { target: { value: 'soon' } });
    await fireEvent.blur(warn);
    expect(await screen.findByText(/is no length of time/)).toBeTruthy();
    await waitFor(() => {
      expect(warn.getAttribute('aria-invalid')).toBe('true');
    });
  });

  test('lists all faults when a save is refused', async () => {
    openWindow('types/new?from=llm');
    await fireEvent.input(await screen.findByLabelText('Name'), { target: { value: 'build' } });
    await fireEvent.input(screen.getByLabelText('Runs side by side, at most'), { target: { value: 'few' } });
    screen.getByRole('button', { name: 'Save' }).click();
    const summary = within(await screen.findByRole('alert'));
    expect(summary.getByText(/There is a job type/)).toBeTruthy();
    expect(summary.getByText(/is no number of runs/)).toBeTruthy();
  });

  test('edits a type without its name, and says how a length is understood', async () => {
    const backend = new FakeBackend();
    await backend.setType('reviews', { stall_after: '25m' });
    openWindow('types/reviews/edit', {}, backend);
    const stop = await screen.findByLabelText<HTMLInputElement>('Stop after');
    expect(screen.queryByLabelText('Name')).toBeNull();
    await fireEvent.input(stop, { target: { value: '1h30' } });
    expect(await screen.findByText('= 1 h 30 min')).toBeTruthy();
    await fireEvent.input(screen.getByLabelText('Runs side by side, at most'), { target: { value: '2' } });
    screen.getByRole('button', { name: 'Save' }).click();
    await screen.findByText('Saved. It holds from the next run on.');
    expect(backend.typeViews.at(-1)).toMatchObject({ overrides: { stall_after: '1h30' }, max_running: 2 });
  });
});

describe('limits and quiet times', () => {
  const rows = new FakeBackend().rows.filter((row) => row.type === 'llm');

  test('a copy of a built-in type says exactly what it does not share with generic', () => {
    const quick = {
      name: 'quick',
      built_in: true,
      overrides: { grace: '5s' },
      limits: { ...limitsOfType('quick'), grace_s: 5 },
      max_running: null,
      jobs: 0,
    };
    expect(limitsOfTexts(copiedTexts(quick))).toEqual({ warn_after: '1m', stall_after: '2m', grace: '5s' });
  });

  test('activities without limits of their own have those of working', () => {
    expect(byActivity(limitsOfType('build')).map(({ stall }) => stall)).toEqual([3600, 3600, 3600, 3600]);
    expect(byActivity(limitsOfType('llm')).map(({ stall }) => stall)).toEqual([900, 1800, 2700, 900]);
  });

  test('each run has a dot of its own, and none is outside of the picture', () => {
    const model = spreadModel(fakeGaps(rows, limitsOfType('llm')), 600, 46);
    expect(model.dots).toHaveLength(39);
    expect(new Set(model.dots.map(({ x, y }) => `${x} ${y}`)).size).toBe(39);
    expect(model.dots.every(({ x, y }) => x > 0 && x < 600 && y > 0 && y < 46)).toBe(true);
  });

  test('names of marks that are close stand in rows, and marks at one place are one', () => {
    const gaps = fakeGaps(rows, limitsOfType('llm'));
    const close = spreadModel({ ...gaps, p50_s: 300, p95_s: 310, max_s: 600 }, 600, 46).marks;
    expect(close.map(({ label, row }) => [label, row])).toEqual([
      ['50 %', 0],
      ['95 %', 1],
      ['max', 0],
    ]);
    const same = spreadModel({ ...gaps, p50_s: 300, p95_s: 300, max_s: 300 }, 600, 46).marks;
    expect(same.map(({ label }) => label)).toEqual(['max']);
  });
});
