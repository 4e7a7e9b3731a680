import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { openWindow } from '../test/window';

function press(key: string, more: KeyboardEventInit = {}): void {
  const on = document.activeElement ?? document.body;
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
}

async function arrive(hash: string, heading: string | RegExp): Promise<void> {
  await waitFor(() => {
    expect(window.location.hash).toBe(hash);
  });
  window.dispatchEvent(new Event('hashchange'));
  await screen.findByRole('heading', { level: 1, name: heading });
}

describe('the keyboard', () => {
  test('sections have numbers', async () => {
    openWindow();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
    press('3', { ctrlKey: true });
    await arrive('#/jobs', 'Jobs');
    press('4', { metaKey: true });
    await arrive('#/types', 'Job types');
    press('1', { ctrlKey: true });
    await arrive('#/overview', /stopped since/);
  });

  test('J and K and the arrows walk through what is listed, stopped runs first', async () => {
    openWindow();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
    // An arrow outside of a list scrolls, as ever.
    press('ArrowDown');
    expect(document.activeElement).toBe(document.body);
    const walked: (string | null | undefined)[] = [];
    for (const key of ['j', 'j', 'ArrowDown', 'k']) {
      press(key);
      walked.push(document.activeElement?.textContent);
    }
    expect(walked).toEqual(['nightly-fuzz', 'refactor-parser', 'migrate-tests', 'refactor-parser']);
  });

  test('a question mark and the button of the rail show all of it', async () => {
    openWindow();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
    press('?');
    const dialog = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(within(dialog).getByText('Next and previous in a list')).toBeTruthy();
    within(dialog).getByRole('button', { name: 'Close' }).click();
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    screen.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeTruthy();
  });

  test('letters do nothing while somebody types', async () => {
    openWindow('history');
    const filter = await screen.findByRole('searchbox');
    filter.focus();
    await fireEvent.keyDown(filter, { key: '?' });
    await fireEvent.keyDown(filter, { key: 'j' });
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(document.activeElement).toBe(filter);
  });

  test('C copies a run', async () => {
    const written: string[] = [];
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: {
        writeText: (text: string) => {
          written.push(text);
          return Promise.resolve();
        },
      },
    });
    openWindow('run/41');
    await screen.findByRole('heading', { level: 1, name: 'refactor-parser' });
    press('c');
    await waitFor(() => {
      expect(written.join()).toContain('run 41');
    });
  });
});

describe('closing the window', () => {
  test('tells once that runs are watched without it', async () => {
    const backend = openWindow();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
    expect(await backend.farewell?.()).toBe(false);
    const dialog = await screen.findByRole('dialog', { name: 'Nightkeep goes on watching' });
    expect(dialog.textContent).toContain('2 runs go on and are watched without this window.');
    within(dialog).getByRole('button', { name: 'Close the window' }).click();
    await waitFor(() => {
      expect(backend.calls).toContain('closeWindow');
    });
    expect(await backend.farewell?.()).toBe(true);
  });

  test('is no matter of words while nothing is watched', async () => {
    const backend = openWindow();
    await screen.findByRole('heading', { level: 1, name: /stopped since/ });
    backend.goAway();
    await screen.findByRole('heading', { level: 1, name: 'Not watching.' });
    expect(await backend.farewell?.()).toBe(true);
    expect(backend.calls).not.toContain('tellOnce');
  });
});
