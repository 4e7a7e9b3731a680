import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import type { RunView } from '../../lib/backend/types';
import { openWindow } from '../../test/window';
import { headline } from './headline';

function run(progress: RunView['progress']): RunView {
  return { progress } as RunView;
}

describe('the headline', () => {
  test.each([
    [{ runs: [], unseen: 0, connected: true }, 'Nothing is running.'],
    [
      { runs: [run('advancing'), run('advancing')], unseen: 0, connected: true },
      '2 runs in progress, all advancing.',
    ],
    [{ runs: [run('advancing'), run('waiting')], unseen: 0, connected: true }, '2 runs in progress.'],
    [
      { runs: [run('warning'), run('advancing')], unseen: 0, connected: true },
      '1 run is close to its limit.',
    ],
    [{ runs: [run('warning')], unseen: 3, connected: true }, '3 runs were stopped since you last looked.'],
    [{ runs: [run('advancing')], unseen: 1, connected: false }, 'Not watching.'],
  ])('%j is told as "%s"', (glance, told) => {
    expect(headline(glance)).toBe(told);
  });
});

test('the window opens with what was stopped and what runs, and what is marked as seen leaves it', async () => {
  openWindow();
  await screen.findByRole('heading', { level: 1, name: '2 runs were stopped since you last looked.' });
  expect(screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent)).toEqual([
    'Stopped',
    'Running',
  ]);
  screen.getByRole('button', { name: 'Mark all as seen' }).click();
  await waitFor(() => {
    expect(screen.queryByRole('region', { name: 'Stopped' })).toBeNull();
  });
});
