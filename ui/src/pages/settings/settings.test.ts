import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeBackend } from '../../lib/backend/fake';
import { MORNING, openWindow } from '../../test/window';
import { EVENTS } from './events';
import { daysOf, morningWords, quietOf, reportOf, written, writtenDays, writtenReport } from './quiet';

afterEach(() => {
  window.localStorage.clear();
  delete document.documentElement.dataset['theme'];
});

const CLOSED = { code: 'invalid', message: 'it cannot be meant', hint: null, field: null } as const;

async function change(label: string, value: string): Promise<HTMLInputElement> {
  const field = await screen.findByLabelText<HTMLInputElement>(label);
  field.value = value;
  await fireEvent.change(field);
  return field;
}

async function choose(label: string, value: string): Promise<HTMLSelectElement> {
  const choice = await screen.findByLabelText<HTMLSelectElement>(label);
  await waitFor(() => {
    expect(choice.disabled).toBe(false);
  });
  choice.value = value;
  await fireEvent.change(choice);
  return choice;
}

async function flip(label: string): Promise<HTMLInputElement> {
  const box = await screen.findByLabelText<HTMLInputElement>(label);
  await waitFor(() => {
    expect(box.disabled).toBe(false);
  });
  box.checked = !box.checked;
  await fireEvent.change(box);
  return box;
}

describe('a change', () => {
  test('is saved at once and says so politely', async () => {
    const backend = openWindow('settings');
    await change('Keep ended runs for', '90');
    const saved = await screen.findByText('✓ Saved');
    expect(saved.closest('[role="status"]')).toBeTruthy();
    expect(backend.computer.spec.keep_days).toBe(90);
  });

  test('that fails goes back and says why, beside its field', async () => {
    const backend = openWindow('settings');
    backend.failures.set('setSettings', { ...CLOSED });
    const field = await change('Keep of all outputs together', 'much');
    await screen.findByText('It cannot be meant.');
    await waitFor(() => {
      expect(field.value).toBe('1GB');
    });
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(
      document.getElementById(field.getAttribute('aria-describedby')?.split(' ')[0] ?? '')?.textContent,
    ).toBe('It cannot be meant.');
    expect(screen.queryByText('✓ Saved')).toBeNull();
    expect(backend.computer.spec.output_total_max).toBe('1GB');
  });

  test('keeps the computer awake, on the mains alone or always', async () => {
    const backend = openWindow('settings');
    const choice = await choose('Keep the computer awake', 'plugged-in');
    await screen.findByText('✓ Saved');
    expect([backend.computer.spec.keep_awake, choice.value]).toEqual(['plugged-in', 'plugged-in']);
    await choose('Keep the computer awake', 'always');
    await waitFor(() => {
      expect(backend.computer.spec.keep_awake).toBe('always');
    });
  });

  test('of keeping it awake that is refused goes back and says why', async () => {
    const backend = openWindow('settings');
    backend.failures.set('setSettings', { ...CLOSED });
    const choice = await choose('Keep the computer awake', 'always');
    await screen.findByText('It cannot be meant.');
    await waitFor(() => {
      expect(choice.value).toBe('never');
    });
  });

  test('to nothing takes a setting away that can be left out', async () => {
    const backend = openWindow('settings');
    await change('Runs side by side', '');
    await screen.findByText('✓ Saved');
    expect(backend.computer.spec.max_running).toBeNull();
  });
});

describe('notifications', () => {
  test('a test says who showed it, or that stops still appear elsewhere', async () => {
    const backend = openWindow('settings');
    (await screen.findByRole('button', { name: 'Send a test notification' })).click();
    await screen.findByText('Sent. Notification server: GNOME Shell 50.');
    backend.computer.notification = {
      sent: false,
      message: 'No notification service found. Stops still appear here and in the tray.',
    };
    const again = screen.getByRole('button', { name: 'Send a test notification' });
    await waitFor(() => {
      expect(again.getAttribute('aria-busy')).toBe('false');
    });
    again.click();
    await screen.findByText('No notification service found. Stops still appear here and in the tray.');
  });

  test('each event is told where that is wanted, and what is critical cannot be switched off', async () => {
    const backend = openWindow('settings');
    await change('A run was stopped', 'digest');
    await screen.findByText('✓ Saved');
    await change('A run finished', 'off');
    await waitFor(() => {
      expect(backend.computer.spec.banners.show).toMatchObject({ stopped: 'digest', finished: 'off' });
    });
    expect(backend.computer.spec.banners.show).toMatchObject({ breaker: 'banner', failed: 'per-job' });
    const options = (label: string): string[] =>
      [...screen.getByLabelText<HTMLSelectElement>(label).options].map((option) => option.value);
    expect(options('A run was stopped')).toEqual(['banner', 'digest', 'off']);
    expect(options('A run failed by itself')).toEqual(['per-job', 'banner', 'digest', 'off']);
    expect(screen.getByText(/^Always told: that a run could not be stopped/)).toBeTruthy();
    expect(EVENTS.map(({ event }) => event).sort()).toEqual(
      Object.keys(backend.computer.spec.banners.show).sort(),
    );
  });

  test('a refused place goes back and says why at its event', async () => {
    const backend = openWindow('settings');
    const select = await screen.findByLabelText<HTMLSelectElement>('A job will not start again');
    backend.failures.set('setSettings', { ...CLOSED });
    await change('A job will not start again', 'off');
    await screen.findByText('It cannot be meant.');
    await waitFor(() => {
      expect(select.value).toBe('banner');
    });
    expect(select.getAttribute('aria-invalid')).toBe('true');
  });

  test('two changes one after the other are both kept', async () => {
    const backend = openWindow('settings');
    const stopped = await screen.findByLabelText<HTMLSelectElement>('A run was stopped');
    const failed = screen.getByLabelText<HTMLSelectElement>('A run failed by itself');
    stopped.value = 'off';
    failed.value = 'banner';
    await Promise.all([fireEvent.change(stopped), fireEvent.change(failed)]);
    await waitFor(() => {
      expect(backend.computer.spec.banners.show).toMatchObject({ stopped: 'off', failed: 'banner' });
    });
  });

  test('the sound is switched off', async () => {
    const backend = openWindow('settings');
    await flip('With a sound');
    await waitFor(() => {
      expect(backend.computer.spec.banners.sound).toBe(false);
    });
  });

  test("the system's own settings are opened where there is a page for them", async () => {
    const backend = new FakeBackend({ now: MORNING });
    backend.computer.hasNotificationSettings = true;
    openWindow('settings', {}, backend);
    (await screen.findByRole('button', { name: "Open the system's settings" })).click();
    await waitFor(() => {
      expect(backend.calls).toContain('open notification settings');
    });
  });

  test("nothing is said of the system's own settings where there is none", async () => {
    openWindow('settings');
    await screen.findByRole('button', { name: 'Send a test notification' });
    expect(screen.queryByRole('button', { name: "Open the system's settings" })).toBeNull();
  });
});

describe('quiet hours', () => {
  test('are switched off and moved', async () => {
    const backend = openWindow('settings');
    await change('From', '22:30');
    await waitFor(() => {
      expect(backend.computer.spec.quiet_hours).toBe('22:30-07:00');
    });
    await flip('Only what cannot wait at night');
    await waitFor(() => {
      expect(backend.computer.spec.quiet_hours).toBe('off');
    });
    expect(screen.getByLabelText<HTMLInputElement>('Friday').disabled).toBe(true);
  });

  test('are on the days that are chosen, and on none they are off', async () => {
    const backend = openWindow('settings');
    await flip('Friday');
    await waitFor(() => {
      expect(backend.computer.spec.banners.quiet_days).toBe('Mon, Tue, Wed, Thu, Sat, Sun');
    });
    backend.computer.spec = {
      ...backend.computer.spec,
      banners: { ...backend.computer.spec.banners, quiet_days: 'Mon' },
    };
    await flip('With a sound');
    const monday = screen.getByLabelText<HTMLInputElement>('Monday');
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLInputElement>('Tuesday').checked).toBe(false);
    });
    monday.checked = false;
    await fireEvent.change(monday);
    await waitFor(() => {
      expect(backend.computer.spec.quiet_hours).toBe('off');
    });
    expect(backend.computer.spec.banners.quiet_days).toBe('Mon');
  });

  test('say which jobs may wake somebody', async () => {
    const backend = new FakeBackend({ now: MORNING });
    const [first] = backend.jobViews;
    if (first) first.spec = { ...first.spec, may_wake: true };
    openWindow('settings', {}, backend);
    await screen.findByText(/^May wake you:/);
  });

  test('without such jobs say where it is said', async () => {
    openWindow('settings');
    await screen.findByText(/^No job may wake you/);
  });

  test('days are read as they are written', () => {
    expect(daysOf('every day')).toHaveLength(7);
    expect(daysOf('Sun-Thu')).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Sun']);
    expect(daysOf('Mon, Wed-Fri')).toEqual(['Mon', 'Wed', 'Thu', 'Fri']);
    expect(daysOf('')).toEqual([]);
    expect(writtenDays(daysOf('Mon-Sun'))).toBe('every day');
    expect(writtenDays(daysOf('Sat-Mon'))).toBe('Mon, Sat, Sun');
    expect(quietOf('off')).toEqual({ on: false, from: '23:00', to: '07:00' });
    expect(written(quietOf('22:00-06:00'))).toBe('22:00-06:00');
  });
});

describe('the morning report', () => {
  test('is moved and switched off', async () => {
    const backend = openWindow('settings');
    await change('Not before', '08:30');
    await waitFor(() => {
      expect(backend.computer.spec.banners.morning_report).toBe('08:30');
    });
    await screen.findByText(/^Once, from 08:30 on/);
    await flip('Tell me what the night came to');
    await waitFor(() => {
      expect(backend.computer.spec.banners.morning_report).toBe('off');
    });
    await screen.findByText(/^Off: what waits for the morning is told nowhere/);
    await change('A run was stopped', 'digest');
    await screen.findByText('The morning report is off, so what is only in it is told nowhere.');
  });

  test('comes at the end of the quiet hours or later, never in them', () => {
    const quiet = quietOf('23:00-06:30');
    expect(reportOf('on', quiet)).toEqual({ on: true, from: '06:30' });
    expect(reportOf('08:00', quiet)).toEqual({ on: true, from: '08:00' });
    expect(reportOf('05:00', quiet)).toEqual({ on: true, from: '06:30' });
    expect(reportOf('23:30', quiet)).toEqual({ on: true, from: '06:30' });
    expect(reportOf('off', quiet)).toEqual({ on: false, from: '06:30' });
    expect(reportOf('on', quietOf('off'))).toEqual({ on: true, from: '07:00' });
    expect(reportOf('05:00', quietOf('off'))).toEqual({ on: true, from: '05:00' });
    expect(reportOf('14:00', quietOf('13:00-15:00'))).toEqual({ on: true, from: '15:00' });
    expect(writtenReport({ on: true, from: '06:30' }, quiet)).toBe('on');
    expect(writtenReport({ on: true, from: '09:00' }, quiet)).toBe('09:00');
    expect(writtenReport({ on: false, from: '09:00' }, quiet)).toBe('off');
    expect(morningWords({ on: true, from: '06:30' }, false)).toMatch(/^Off, because no notifications/);
  });
});

describe('the history', () => {
  test('lets outputs go earlier than the folders that they are in', async () => {
    const backend = openWindow('settings');
    await change('Keep their output for', '7');
    await screen.findByText('✓ Saved');
    expect([backend.computer.spec.keep_output_days, backend.computer.spec.keep_days]).toEqual([7, 30]);
  });

  test('is cleaned at once, and what was removed is said', async () => {
    openWindow('settings');
    await screen.findByText('4.3 MB of history, 212 MB of output of 48 runs');
    screen.getByRole('button', { name: 'Clean now' }).click();
    await screen.findByText('Removed 12 old runs and the output of 1 run: 48 MB.');
    await screen.findByText('4.3 MB of history, 164 MB of output of 36 runs');
  });

  test('a removal shows how far it is and can be cancelled', async () => {
    const backend = openWindow('settings');
    backend.computer.isSlow = true;
    (await screen.findByRole('button', { name: 'Clean now' })).click();
    const bar = await screen.findByRole<HTMLProgressElement>('progressbar', { name: 'Removing old runs' });
    expect([bar.value, bar.max]).toEqual([3, 12]);
    screen.getByRole('button', { name: 'Cancel' }).click();
    await screen.findByText('Removed 3 old runs: 9.0 MB. Cancelled before it was through.');
  });
});

describe('what is kept with the window', () => {
  test('a theme is shown at once and the next time', async () => {
    openWindow('settings');
    await change('Colours', 'dark');
    expect(document.documentElement.dataset['theme']).toBe('dark');
    expect(window.localStorage.getItem('nightkeep.window')).toContain('"theme":"dark"');
    await change('Colours', 'system');
    expect(document.documentElement.dataset['theme']).toBeUndefined();
  });

  test('single keys do nothing when that is wanted, those with Ctrl do', async () => {
    openWindow('settings');
    await flip('Single keys are shortcuts');
    window.location.hash = '#/history';
    window.dispatchEvent(new Event('hashchange'));
    await screen.findByRole('heading', { level: 1, name: /Last night/ });
    await fireEvent.keyDown(document.body, { key: '/' });
    expect(document.activeElement?.hasAttribute('data-filter')).toBe(false);
    await fireEvent.keyDown(document.body, { key: ',', ctrlKey: true });
    window.dispatchEvent(new Event('hashchange'));
    await screen.findByRole('heading', { level: 1, name: 'Settings' });
  });
});

describe('the start', () => {
  test('says beside the choice that the computer falls asleep all the same, and why, until it does not', async () => {
    const backend = openWindow('settings');
    const choice = await screen.findByLabelText<HTMLSelectElement>('Keep the computer awake');
    expect(choice.getAttribute('aria-invalid')).toBeNull();
    const message = 'The computer may fall asleep while runs are active: logind is not there.';
    const live = backend.script.live.bind(backend.script);
    backend.script.live = (...args) => ({ ...live(...args), faults: [{ kind: 'awake', message }] });
    backend.publish();
    await waitFor(() => {
      expect(choice.getAttribute('aria-invalid')).toBe('true');
    });
    const described = choice.getAttribute('aria-describedby')?.split(' ')[0] ?? '';
    expect(document.getElementById(described)?.textContent).toBe(message);
    backend.script.live = live;
    backend.publish();
    await waitFor(() => {
      expect(choice.getAttribute('aria-invalid')).toBeNull();
    });
  });

  test('comes with the login when that is asked for, as the system has it', async () => {
    const backend = openWindow('settings');
    await flip('Start at login');
    await waitFor(() => {
      expect(backend.computer.startsAtLogin).toBe(true);
    });
    backend.computer.startsAtLogin = false;
    await fireEvent.focus(window);
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLInputElement>('Start at login').checked).toBe(false);
    });
  });
});

test('what this is and what leaves the computer is said at the end', async () => {
  openWindow('settings');
  const about = await screen.findByRole('region', { name: 'About' });
  expect(within(about).getByText(/^Nightkeep \d/)).toBeTruthy();
  expect(within(about).getByText(/nothing is measured or sent/)).toBeTruthy();
});

test('the icon in the tray can have one colour, and a style that is refused goes back', async () => {
  const backend = openWindow('settings');
  const choice = await screen.findByLabelText<HTMLSelectElement>('Icon in the tray');
  await waitFor(() => {
    expect(choice.disabled).toBe(false);
  });
  await fireEvent.change(choice, { target: { value: 'white' } });
  await screen.findByText('✓ Saved');
  expect(backend.computer.spec.icon_style).toBe('white');
  backend.failures.set('setSettings', { ...CLOSED });
  await fireEvent.change(choice, { target: { value: 'black' } });
  await screen.findByText('It cannot be meant.');
  await waitFor(() => {
    expect(choice.value).toBe('white');
  });
});
