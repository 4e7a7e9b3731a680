import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { openWindow } from '../../test/window';

test('a pause is chosen in the settings, shown everywhere, and ended by the banner', async () => {
  const backend = openWindow('settings', { scene: 'full' });
  await fireEvent.click(await screen.findByRole('button', { name: 'Pause watching…' }));
  await fireEvent.click(screen.getByRole('radio', { name: 'Until I resume' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Pause' }));
  expect(backend.calls).toContain('pause until resumed');
  expect(await screen.findByText('Watching is paused until you resume.')).toBeTruthy();
  expect(screen.getByRole('navigation').textContent).toContain('Paused');
  const banner =
    screen.getByText(/Watching is paused/).closest<HTMLElement>('[role=status]') ?? document.body;
  await fireEvent.click(within(banner).getByRole('button', { name: 'Resume' }));
  await waitFor(() => {
    expect(screen.queryByText(/Watching is paused/)).toBeNull();
    expect(document.activeElement).toBe(screen.getByRole('main'));
  });
});

test('the clock of a run stands still while the watch is paused', async () => {
  const backend = openWindow('overview', { scene: 'full' });
  backend.paused = { since: new Date().toISOString(), until: new Date(Date.now() + 3_600_000).toISOString() };
  backend.publish();
  expect(await screen.findByText(/Watching is paused until \d\d:\d\d/)).toBeTruthy();
});

test('whoever keeps watching closes the tray and the window, and nothing else', async () => {
  const backend = openWindow('quit', { scene: 'full' });
  await fireEvent.click(await screen.findByRole('button', { name: 'Close the tray' }));
  await waitFor(() => {
    expect(backend.calls).toContain('closeWindow');
  });
  expect(backend.calls).toContain('quit tray');
});

test('stopping the runs shows what is left and ends with the engine', async () => {
  const backend = openWindow('quit', { scene: 'full' });
  const count = backend.runs.length;
  await fireEvent.click(await screen.findByRole('button', { name: `Stop ${String(count)} runs and quit` }));
  expect(
    await screen.findByRole('heading', { level: 1, name: `Stopping ${String(count)} runs…` }),
  ).toBeTruthy();
  expect(backend.calls).not.toContain('closeWindow');
  backend.runs = [];
  backend.publish();
  expect(await screen.findByRole('heading', { level: 1, name: 'All runs are over.' })).toBeTruthy();
  backend.goAway();
  await waitFor(() => {
    expect(backend.calls).toContain('closeWindow');
  });
});

test('with nothing running there is no run to stop', async () => {
  openWindow('quit', { scene: 'empty' });
  expect(await screen.findByText('Nothing is running.')).toBeTruthy();
  expect(screen.queryByText('Stop the runs')).toBeNull();
});

test('what cannot be done is said on the page', async () => {
  const backend = openWindow('quit', { scene: 'full' });
  const fault = { code: 'internal', message: 'the disk is full', hint: null, field: null } as const;
  backend.failures.set('quit', fault);
  await fireEvent.click(await screen.findByRole('button', { name: 'Stop watching' }));
  expect((await screen.findByRole('alert')).textContent).toContain('The disk is full');
  expect(backend.calls).not.toContain('closeWindow');
});

test('the tray asks in the window before it stops a run', async () => {
  const backend = openWindow('run/48/stop', { scene: 'full' });
  const dialog = await screen.findByRole('dialog', { name: /^Stop .*\?$/ });
  expect(backend.calls.some((call) => call.startsWith('stop '))).toBe(false);
  await fireEvent.click(screen.getByRole('button', { name: 'Stop' }));
  await waitFor(() => {
    expect(backend.calls).toContain('stop 48');
    expect(dialog.isConnected).toBe(false);
  });
});

test('a run that is over has nothing to be asked about', async () => {
  openWindow('run/41/stop', { scene: 'full' });
  await screen.findByRole('heading', { level: 1, name: /refactor-parser/ });
  expect(screen.queryByRole('dialog')).toBeNull();
});
