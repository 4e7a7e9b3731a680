import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test, vi } from 'vitest';
import { Script } from '../../lib/backend/fake-data';
import { MORNING, openWindow } from '../../test/window';
import { adviceFor } from './advice';
import { find, segments } from './find';
import { gapModel, placeMarks, toothWords } from './gaps';
import { treeOf } from './tree';

describe('a run that was stopped', () => {
  test('says what it was, why it was stopped, and shows the evidence', async () => {
    openWindow('run/41');
    expect(await screen.findByRole('heading', { level: 1, name: 'refactor-parser' })).toBeTruthy();
    expect(screen.getByText('Stopped: no progress')).toBeTruthy();
    expect(screen.getByText(/The marker stopped advancing at/, { selector: 'strong' })).toBeTruthy();
    expect(screen.getByText(/3 of 4 processes ended/)).toBeTruthy();
    const story = screen.getByRole('region', { name: 'What happened' });
    expect(
      within(story)
        .getAllByRole('listitem')
        .map((item) => item.querySelector('time')?.textContent),
    ).toContain('04:33:29');
    const tree = screen.getByRole('list', { name: /Processes/ });
    const processes = within(tree).getAllByRole('listitem');
    expect(processes).toHaveLength(4);
    expect(processes.at(-1)?.textContent).toMatch(/48211.*ignored TERM, killed/s);
    expect(processes[0]?.contains(processes[3] ?? null)).toBe(true);
    expect(screen.getByText('The memory of pid 48203 could not be read: permission denied.')).toBeTruthy();
    expect(screen.getByText(/step 14, last written \d\d:\d\d:\d\d, 74 B/)).toBeTruthy();
    expect(screen.getByText('203.0.113.7:443')).toBeTruthy();
  });

  test('is seen as soon as it was opened', async () => {
    const backend = openWindow('run/41');
    await waitFor(() => {
      expect(backend.rows.find((row) => row.run === 41)?.seen).toBe(true);
    });
    expect(await screen.findByRole('link', { name: /History\s*1 not seen yet/ })).toBeTruthy();
  });

  test('can be marked as not seen, and stays so while one looks at it', async () => {
    const backend = openWindow('run/41');
    (await screen.findByRole('button', { name: 'Mark as not seen' })).click();
    expect(await screen.findByRole('button', { name: 'Mark as seen' })).toBeTruthy();
    backend.publish();
    expect(backend.rows.find((row) => row.run === 41)?.seen).toBe(false);
    expect(await screen.findByRole('link', { name: /History\s*2 not seen yet/ })).toBeTruthy();
  });

  test('is copied as a report, and its files are opened by its number', async () => {
    const backend = openWindow('run/41');
    const copied: string[] = [];
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation((text) => {
      copied.push(text);
      return Promise.resolve();
    });
    await screen.findByRole('heading', { level: 1, name: 'refactor-parser' });
    await fireEvent.keyDown(document.body, { key: 'c' });
    await waitFor(() => {
      expect(copied).toEqual(['## run 41\n']);
    });
    screen.getByRole('button', { name: 'Open folder' }).click();
    screen.getByRole('button', { name: 'Open full log' }).click();
    await waitFor(() => {
      expect(backend.calls).toEqual(expect.arrayContaining(['open the folder of 41', 'open the log of 41']));
    });
  });

  test('says when its folder cannot be opened', async () => {
    const backend = openWindow('run/41');
    backend.failures.set('openRunFolder', {
      code: 'not-found',
      message: 'run 41 has no files any longer',
      hint: null,
      field: null,
    });
    (await screen.findByRole('button', { name: 'Open folder' })).click();
    expect((await screen.findByRole('alert')).textContent).toContain('Run 41 has no files any longer.');
  });

  test('a letter that is typed into a field is no shortcut', async () => {
    const backend = openWindow('run/41');
    await fireEvent.keyDown(await screen.findByRole('searchbox'), { key: 'r' });
    expect(backend.calls).not.toContain('start refactor-parser');
  });

  test('its output can be searched, hit by hit', async () => {
    openWindow('run/41');
    const field = await screen.findByRole('searchbox', { name: 'Find in the output' });
    await fireEvent.input(field, { target: { value: 'TEST PARSE' } });
    expect(await screen.findByText('1 of 3')).toBeTruthy();
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect(await screen.findByText('2 of 3')).toBeTruthy();
    screen.getByRole('button', { name: 'Previous' }).click();
    expect(await screen.findByText('1 of 3')).toBeTruthy();
    await fireEvent.input(field, { target: { value: 'nowhere' } });
    expect(await screen.findByText('Not found')).toBeTruthy();
  });

  test('its advances are told one by one with the arrow keys', async () => {
    openWindow('run/41');
    const chart = await screen.findByRole('group', { name: /Advances/ });
    const told = within(chart).getByRole('status');
    await fireEvent.keyDown(chart, { key: 'End' });
    expect(told.textContent).toMatch(/: 30 min without an advance\./);
    await fireEvent.keyDown(chart, { key: 'ArrowLeft' });
    expect(told.textContent).toMatch(/^\s*\d\d:\d\d:\d\d step 14 of 40, .* after the one before\.\s*$/);
    await fireEvent.keyDown(chart, { key: 'Home' });
    expect(told.textContent).toMatch(/step 3 of 40/);
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

describe('what is left of a run', () => {
  test('stdout and stderr are told apart where they were', async () => {
    openWindow('run/46');
    const output = await screen.findByLabelText('Last output', { selector: 'pre' });
    expect([...output.querySelectorAll('.err')].map((line) => line.textContent)).toEqual([
      'error: 2 vulnerabilities found',
      'caused by: exit status 101',
    ]);
  });

  test('an output that was removed is said to be, and there is nothing to open', async () => {
    openWindow('run/29');
    expect(await screen.findByText(/^Its output was removed by retention on \d+ \w+/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Open full log' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Open folder' })).toBeNull();
  });

  test('one that was removed on a day that nobody put on record is said to be without it', async () => {
    const backend = openWindow('', { scene: 'full' });
    const detail = backend.script.detail.bind(backend.script);
    backend.script.detail = (row) => {
      const whole = detail(row);
      delete whole.output.removed_at;
      return whole;
    };
    window.location.hash = '#/run/29';
    await fireEvent(window, new Event('hashchange'));
    expect(await screen.findByText(/^Its output was removed\. What it reported/)).toBeTruthy();
  });

  test('what it reported is shown: its result, its word, its turns and its cost', async () => {
    openWindow('run/47');
    const reported = await screen.findByRole('region', { name: 'What it reported' });
    expect(within(reported).getByText('Success: All 40 pages are swept.')).toBeTruthy();
    expect(within(reported).getByText('$1.86')).toBeTruthy();
    expect(within(reported).getByText(/"broken_links": 3/)).toBeTruthy();
  });

  test('sleep and an unreadable marker explain quiet times in words, too', async () => {
    openWindow('run/40');
    const bands = await screen.findByRole('list', { name: 'What explains quiet times' });
    expect(bands.textContent).toMatch(/Marker not readable \d\d:\d\d–\d\d:\d\d/);
    expect(bands.textContent).toMatch(/Computer asleep \d\d:\d\d–\d\d:\d\d/);
  });

  test('a run that was taken in later says so', async () => {
    openWindow('run/36');
    expect(await screen.findByText(/recovered: its end was taken in later/)).toBeTruthy();
    expect(screen.getByText('Lost')).toBeTruthy();
  });
});

describe('a run that goes on', () => {
  test('shows what it does and can be stopped', async () => {
    const backend = openWindow('run/48');
    expect(await screen.findByRole('heading', { level: 1, name: 'migrate-tests' })).toBeTruthy();
    expect(screen.getByText('Close to its limit')).toBeTruthy();
    const hold = screen.getByRole('button', { name: 'Hold the chart still' });
    hold.click();
    await waitFor(() => {
      expect(hold.getAttribute('aria-pressed')).toBe('true');
    });
    screen.getByRole('button', { name: 'Stop…' }).click();
    const dialog = await screen.findByRole('dialog', { name: 'Stop migrate-tests?' });
    expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
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

  test('time asleep is on the level: the limit was reached when the stop began', () => {
    const slept = { ...detail, quiet: { ...detail.quiet, teeth: detail.quiet.teeth.slice(0, 2) } };
    expect(gapModel(slept, 0, null).teeth.at(-1)?.height).toBe(detail.limits.stall_after_s + 31);
    const [from, to] = [Date.parse(detail.started_at) + 60_000, Date.parse(detail.started_at) + 660_000];
    const band = {
      kind: 'asleep',
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    } as const;
    const model = gapModel({ ...detail, quiet: { teeth: [], bands: [band], marks: [] } }, 0, null);
    const [, begin, end] = model.teeth[0]?.points ?? [];
    expect([begin?.[0], end?.[0]]).toEqual([from, to]);
    expect(begin?.[1]).toBe(end?.[1]);
    expect(model.description).toMatch(/Computer asleep \d\d:\d\d–\d\d:\d\d\.$/);
  });

  test('advances that are put together are counted as many', () => {
    const merged = {
      ...detail,
      quiet: { ...detail.quiet, teeth: detail.quiet.teeth.map((tooth) => ({ ...tooth, advances: 3 })) },
    };
    const model = gapModel(merged, 0, null);
    expect(model.description).toMatch(/^36 advances/);
    const [first] = model.teeth;
    if (!first) throw new Error('there is a tooth');
    expect(toothWords(first, null)).toMatch(/: 3 advances, .* the longest time before one of them\./);
  });

  test('names of marks never stand on each other', () => {
    const marks = [
      { at: 300, label: 'warning' },
      { at: 500, label: 'TERM' },
      { at: 501, label: 'KILL' },
    ];
    const at = (place: number): number => place;
    expect(placeMarks(marks, at, 600).map(({ toLeft, row }) => [toLeft, row])).toEqual([
      [true, 0],
      [true, 0],
      [false, 0],
    ]);
    expect(placeMarks(marks, at, 502).map(({ toLeft, row }) => [toLeft, row])).toEqual([
      [true, 0],
      [true, 0],
      [true, 1],
    ]);
  });

  test('it is described in words', () => {
    expect(gapModel(detail, 0, null).description).toMatch(
      /^12 advances, the longest time before one of them \d+ min\. Without an advance before the end for 30 min, past the limit of 30 min\.$/,
    );
    const never = { ...detail, ended: null, quiet: { teeth: [], bands: [], marks: [] } };
    expect(gapModel(never, MORNING, 12).description).toBe(
      'It never advanced. Without an advance so far for 12 s.',
    );
  });

  test('a run of no length at all still has axes', () => {
    const instant = {
      ...detail,
      quiet: { teeth: [], bands: [], marks: [] },
      timeline: [],
      ended: { ...row, ended_at: row.started_at, reason: null },
    };
    const model = gapModel(instant, 0, null);
    expect(model.end).toBeGreaterThan(model.start);
    expect(model.lengths.length).toBeGreaterThan(1);
  });
});

describe('what can be done', () => {
  const script = new Script(MORNING);
  const detailOf = (run: number) => {
    const row = script.history().find((one) => one.run === run);
    if (!row) throw new Error(`the script has a run ${run}`);
    return script.detail(row);
  };

  test('rests on what is on record of the run', () => {
    expect(adviceFor(detailOf(41), true, null).map((one) => one.fact)).toEqual([
      'It used next to no processor time and had 1 connection open (203.0.113.7:443).',
      'parser-e2e did not end within the grace of 30 s.',
    ]);
    expect(adviceFor(detailOf(46), true, null).map((one) => one.fact)).toEqual([
      'It ended by itself, with an error.',
    ]);
    expect(adviceFor(detailOf(36), true, null).map((one) => one.fact)).toEqual(['Its end was not seen.']);
    expect(adviceFor(detailOf(47), true, null)).toEqual([]);
  });

  test('of a run that just stood still, its last line is told', () => {
    const { evidence, ...detail } = detailOf(41);
    const output = { ...detail.output, lines: ['collecting', `asking ${'.'.repeat(100)}`, ''] };
    const idle = { ...detail, output, evidence: evidence && { ...evidence, sockets: [], processes: [] } };
    expect(adviceFor(idle, true, null)).toMatchObject([
      { fact: expect.stringMatching(/and the last line of its output is “asking \.{73}…”\.$/) as string },
    ]);
    const silent = { ...idle, output: { ...output, lines: [] } };
    expect(adviceFor(silent, true, null)).toMatchObject([
      {
        fact: expect.stringContaining('its output tells nothing') as string,
        link: { href: '#/jobs/refactor-parser/edit' },
      },
    ]);
  });

  test('what outlived the stop comes first', () => {
    const detail = detailOf(41);
    if (!detail.ended) throw new Error('it is over');
    const alive = { ...detail, ended: { ...detail.ended, survivors: [48_211] } };
    expect(adviceFor(alive, true, null)[0]?.fact).toBe('1 process outlived the forced stop (pid 48211).');
  });

  test('a run that never advanced is asked about its marker', () => {
    const detail = detailOf(41);
    const never = { ...detail, quiet: { teeth: [], bands: [], marks: [] } };
    expect(adviceFor(never, true, null)[0]).toMatchObject({
      fact: 'It never advanced.',
      link: { href: '#/jobs/refactor-parser/edit' },
    });
  });
});

test('the tree of processes hangs as they do', () => {
  const one = (pid: number, depth: number) => ({
    pid,
    parent: null,
    depth,
    name: 'sh',
    command: '',
    state: 'sleeping',
    cpu_s: 0,
    cpu_percent: null,
    memory_bytes: null,
    age_s: 0,
  });
  const [root, other] = treeOf([one(1, 0), one(2, 1), one(3, 2), one(4, 1), one(5, 0)]);
  expect(root?.children.map((child) => child.process.pid)).toEqual([2, 4]);
  expect(root?.children[0]?.children.map((child) => child.process.pid)).toEqual([3]);
  expect(other?.process.pid).toBe(5);
});

test('a search cuts a line where its hits begin and end', () => {
  const hits = find(['no', 'Aaa bcA'], 'a');
  expect(hits).toHaveLength(4);
  expect(segments('Aaa bcA', 1, hits).map((part) => part.text)).toEqual(['A', 'a', 'a', ' bc', 'A']);
  expect(segments('no', 0, hits)).toEqual([{ text: 'no', hit: null }]);
  expect(find(['x'], '')).toEqual([]);
});
