import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { Script } from '../../lib/backend/fake-data';
import { MORNING, openWindow } from '../../test/window';
import { gapModel } from './gaps';

describe('a run that was stopped', () => {
  test('says what it was, why it was stopped, and shows the evidence', async () => {
    openWindow('run/41');
    expect(await screen.findByRole('heading', { level: 1, name: 'refactor-parser' })).toBeTruthy();
    expect(screen.getByText('Stopped: no progress')).toBeTruthy();
    expect(screen.getByText(/The marker stayed at step 14 for 30 min/)).toBeTruthy();
    const story = screen.getByRole('region', { name: 'What happened' });
    expect(
      within(story)
        .getAllByRole('listitem')
        .map((item) => item.querySelector('time')?.textContent),
    ).toContain('04:33:29');
    const tree = screen.getByRole('table', { name: /Processes/ });
    expect(within(tree).getAllByRole('row')).toHaveLength(5);
    expect(screen.getByText('The memory of pid 48203 could not be read: permission denied.')).toBeTruthy();
    expect(screen.getByText('203.0.113.7:443')).toBeTruthy();
  });

  test('is seen as soon as it was opened', async () => {
    const backend = openWindow('run/41');
    await waitFor(() => {
      expect(backend.rows.find((row) => row.run === 41)?.seen).toBe(true);
    });
    expect(await screen.findByRole('link', { name: /History\s*1 not seen yet/ })).toBeTruthy();
  });

  test('is run again as its job', async () => {
    const backend = openWindow('run/41');
    (await screen.findByRole('button', { name: 'Run again' })).click();
    expect(await screen.findByText('refactor-parser was started as run 50.')).toBeTruthy();
    expect(backend.calls).toContain('start refactor-parser');
  });

  test('that belongs to no job can become one', async () => {
    openWindow('run/40');
    const link = await screen.findByRole('link', { name: 'Make it a job' });
    expect(link.getAttribute('href')).toBe('#/jobs/new?run=40');
    expect(screen.queryByRole('button', { name: 'Run again' })).toBeNull();
  });

  test('shows output as text, whatever it contains', async () => {
    const backend = openWindow('', { scene: 'full' });
    const detail = backend.script.detail.bind(backend.script);
    backend.script.detail = (row) => ({
      ...detail(row),
      output: {
        lines: ['<img src=x onerror=alert(1)>'],
        bytes: 28,
        dropped_bytes: 0,
        removed: false,
        path: null,
      },
    });
    window.location.hash = '#/run/41';
    await fireEvent(window, new Event('hashchange'));
    const output = await screen.findByLabelText('Last output', { selector: 'pre' });
    expect(output.textContent).toBe('<img src=x onerror=alert(1)>');
    expect(output.querySelector('img')).toBeNull();
  });

  test('Escape leads back to the history with its filters', async () => {
    openWindow('history?text=parser');
    await screen.findByRole('table', { name: /Ended runs/ });
    window.location.hash = '#/run/41';
    await fireEvent(window, new Event('hashchange'));
    await screen.findByRole('heading', { level: 1, name: 'refactor-parser' });
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    expect(window.location.hash).toBe('#/history?text=parser');
  });
});

describe('a run that goes on', () => {
  test('shows what it does and can be stopped', async () => {
    const backend = openWindow('run/48');
    expect(await screen.findByRole('heading', { level: 1, name: 'migrate-tests' })).toBeTruthy();
    expect(screen.getByText('Close to its limit')).toBeTruthy();
    screen.getByRole('button', { name: 'Stop…' }).click();
    const dialog = await screen.findByRole('dialog', { name: 'Stop migrate-tests?' });
    within(dialog).getByRole('checkbox', { name: 'Kill at once, without a grace' }).click();
    within(dialog).getByRole('button', { name: 'Stop' }).click();
    await waitFor(() => {
      expect(backend.calls).toContain('stop 48 by force');
    });
  });
});

test('a run that there is none of says so', async () => {
  openWindow('run/9999');
  expect((await screen.findByRole('alert')).textContent).toContain('There is no run 9999.');
});

describe('the chart of quiet times', () => {
  const script = new Script(MORNING);
  const row = script.history().find((one) => one.run === 41);
  if (!row) throw new Error('the script has a run 41');
  const detail = script.detail(row);

  test('each advance ends a tooth, and what came after the last one is a tooth of its own', () => {
    const model = gapModel(detail, 0, null);
    expect(model.teeth).toHaveLength(detail.advances.length + 1);
    expect(model.teeth.map((tooth) => tooth.height).slice(0, -1)).toEqual(
      detail.advances.map((advance) => advance.gap_s),
    );
    expect(model.teeth.at(-1)).toMatchObject({ step: null, to: Date.parse(row.ended_at) });
    expect(model.top).toBeGreaterThan(detail.limits.stall_after_s);
  });

  test('sleep before a stop is not counted: the limit was reached when the stop began', () => {
    const asleep = { ...detail, advances: detail.advances.slice(0, 2) };
    expect(gapModel(asleep, 0, null).teeth.at(-1)?.height).toBe(detail.limits.stall_after_s + 31);
  });

  test('of a long run, the part that is known is shown', () => {
    const late = { ...detail, advances: detail.advances.slice(-3) };
    const model = gapModel(late, 0, null);
    expect(model.start).toBeGreaterThan(Date.parse(detail.started_at));
    expect(model.description).toContain('The last 3 of 12');
  });

  test('it is described in words', () => {
    expect(gapModel(detail, 0, null).description).toMatch(
      /^12 advances, the longest time before one of them \d+ min\. Without an advance before the end for 30 min, past the limit of 30 min\.$/,
    );
    const never = { ...detail, ended: null, advances: [] };
    expect(gapModel(never, MORNING, 12).description).toBe(
      'It never advanced. Without an advance so far for 12 s.',
    );
  });

  test('a run of no length at all still has axes', () => {
    const instant = {
      ...detail,
      advances: [],
      timeline: [],
      ended: { ...row, ended_at: row.started_at, reason: null },
    };
    const model = gapModel(instant, 0, null);
    expect(model.end).toBeGreaterThan(model.start);
    expect(model.lengths.length).toBeGreaterThan(1);
  });
});
