import { render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import { Script } from '../../lib/backend/fake-data';
import { MORNING, openWindow } from '../../test/window';
import { axisOf, nightOf, ROWS_MAX } from './night';
import NightStrip from './NightStrip.svelte';

const script = new Script(MORNING);
const at = (time: string): number => Date.parse(`2026-11-${time}:00Z`);

describe('the axis of a night', () => {
  test.each([
    ['22T07:40', '21T18:00', '22T10:00'],
    ['22T02:00', '21T18:00', '22T10:00'],
    ['22T18:00', '22T18:00', '23T10:00'],
    ['22T23:59', '22T18:00', '23T10:00'],
    // Late in the morning it goes on to the next full hour, so that what runs is on it.
    ['22T13:20', '21T18:00', '22T14:00'],
  ])('at %s begins at %s and ends at %s', (now, from, to) => {
    expect(axisOf(at(now))).toEqual({ from: at(from), to: at(to) });
  });
});

describe('the night', () => {
  const model = nightOf(script.history(), script.running(), MORNING);

  test('has a row for each job that ran, and a band for each run of it', () => {
    expect(model.jobs.map(({ job, bands }) => [job, bands.map((band) => band.run)])).toEqual([
      ['docs-sweep', [39, 47]],
      ['refactor-parser', [41]],
      ['translate-manual', [40]],
      ['nightly-fuzz', [44]],
      ['changelog', [45]],
      ['migrate-tests', [48]],
      ['dependency-review', [46]],
      ['release-notes', [49]],
    ]);
  });

  test('says in a sentence what it shows', () => {
    expect(model.description).toBe(
      '9 runs of 8 jobs since 18:00; stopped: refactor-parser at 04:34 and nightly-fuzz at 05:04.',
    );
    expect(nightOf([], [], MORNING).description).toBe('No run since 18:00.');
  });

  test('names what became of each run, so that no colour has to', () => {
    const told = model.jobs.flatMap((row) => row.bands).find((band) => band.run === 44)?.told;
    expect(told).toBe('04:21 to 05:04: Stopped: no progress');
  });

  test('with too many jobs leaves out those of which nothing is to be said', () => {
    const rows = Array.from({ length: 14 }, (_, run) =>
      script.row(run + 1, `job-${run}`, 3600 + run, 60, {}),
    );
    const stopped = script.row(20, 'late', 60, 30, { outcome: 'aborted', reason: 'stalled' });
    const crowded = nightOf([...rows, stopped], [], MORNING);
    expect([crowded.jobs.length, crowded.more]).toEqual([ROWS_MAX, 5]);
    expect(crowded.jobs.at(-1)?.job).toBe('late');
  });

  test('runs of other nights are not on it', () => {
    expect(nightOf([script.row(1, 'old', 26 * 3600, 60, {})], [], MORNING).jobs).toEqual([]);
  });
});

test('the strip has a table that says the same, with a link to each run', async () => {
  openWindow();
  const region = await screen.findByRole('region', { name: 'The night' });
  const table = within(region).getByRole('table', { hidden: true });
  await waitFor(() => {
    expect(within(table).getAllByRole('row', { hidden: true })).toHaveLength(10);
  });
  const link = within(table).getByRole('link', { name: 'nightly-fuzz', hidden: true });
  expect(link.getAttribute('href')).toBe('#/run/44');
});

test('a band is never too narrow to be seen, nor beyond the edge', () => {
  const short = script.row(1, 'short', 10, 1, {});
  const long = script.row(2, 'long', 60, 40 * 3600, {});
  render(NightStrip, { props: { model: nightOf([short, long], [], MORNING) } });
  const bands = [...document.querySelectorAll('rect.band')].map((band) => [
    Number(band.getAttribute('x')),
    Number(band.getAttribute('width')),
  ]);
  for (const [x = -1, width = 0] of bands) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(width).toBeGreaterThanOrEqual(3);
    expect(x + width).toBeLessThanOrEqual(640);
  }
});
