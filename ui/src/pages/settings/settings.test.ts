import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, test } from 'vitest';
import { openWindow } from '../../test/window';
import { morningWords, quietOf, written } from './quiet';

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

  test('quiet hours are switched off and moved', async () => {
    const backend = openWindow('settings');
    await change('From', '22:30');
    await waitFor(() => {
      expect(backend.computer.spec.quiet_hours).toBe('22:30-07:00');
    });
    await flip('Only what cannot wait at night');
    await waitFor(() => {
      expect(backend.computer.spec.quiet_hours).toBe('off');
    });
    await screen.findByText('There are no quiet hours, so everything is told when it happens.');
  });

  test('the report of the morning follows the quiet hours', () => {
    expect(morningWords(quietOf('23:00-06:30'), true)).toMatch(/^Once, from 06:30 on/);
    expect(morningWords(quietOf('23:00-06:30'), false)).toMatch(/^Off/);
    expect(quietOf('off')).toEqual({ on: false, from: '23:00', to: '07:00' });
    expect(written(quietOf('22:00-06:00'))).toBe('22:00-06:00');
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
