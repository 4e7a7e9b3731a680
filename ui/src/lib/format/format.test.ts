import { describe, expect, test } from 'vitest';
import { count, list, percent, size } from './count';
import { axisDuration, duration, writtenDuration } from './duration';
import { date, period, recently } from './time';
import { resultOf, stateOf, stepWords } from './words';

describe('lengths of time', () => {
  // The same pairs as in the Rust test of `Span`.
  test.each([
    [0, '0 s'],
    [0.4, '0.4 s'],
    [1.5, '1.5 s'],
    [9.96, '9.9 s'],
    [10.4, '10 s'],
    [45, '45 s'],
    [90, '90 s'],
    [120, '2 min'],
    [150, '2 min 30 s'],
    [720, '12 min'],
    [2700, '45 min'],
    [3900, '1 h 05 min'],
  ])('%d seconds read as people say them: %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test('a negative length is none', () => {
    expect(duration(-3)).toBe('0 s');
  });

  test.each([
    [90, '90s'],
    [600, '10m'],
    [5400, '1h30m'],
    [45, '45s'],
    [7200, '2h'],
    [0, '0s'],
    [3605, '1h5s'],
  ])('%d seconds are written into a form as %s', (seconds, text) => {
    expect(writtenDuration(seconds)).toBe(text);
  });

  test.each([
    [0, '0'],
    [30, '30 s'],
    [900, '15 min'],
    [3600, '1 h'],
    [5400, '90 min'],
    [9000, '2.5 h'],
  ])('an axis names %d seconds %s', (seconds, text) => {
    expect(axisDuration(seconds)).toBe(text);
  });
});

describe('numbers', () => {
  test('one is one, and everything else is many', () => {
    expect([count(0, 'run'), count(1, 'run'), count(2, 'run')]).toEqual(['0 runs', '1 run', '2 runs']);
    expect(count(3, 'process', 'processes')).toBe('3 processes');
    expect(count(2114, 'line')).toBe('2,114 lines');
  });

  test('sizes keep two or three digits', () => {
    expect([512, 3_100_000, 18_400_000, 999_600, 1_400_000_000].map(size)).toEqual([
      '512 B',
      '3.1 MB',
      '18 MB',
      '1.0 MB',
      '1.4 GB',
    ]);
  });

  test('a list in a sentence ends with "and"', () => {
    expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
  });

  test('shares of a core keep one digit', () => {
    expect(percent(0)).toBe('0.0 %');
  });
});

describe('times', () => {
  test('the day of the end is named only when it is another one', () => {
    expect(period('2026-11-21T23:58:04Z', '2026-11-22T02:16:43Z')).toBe(
      'Sat 21 Nov 23:58:04 → Sun 22 Nov 02:16:43',
    );
    expect(period('2026-11-22T01:00:00Z', '2026-11-22T02:16:43Z')).toBe('Sun 22 Nov 01:00:00 → 02:16:43');
  });

  test('what is near is named by its nearness', () => {
    const now = Date.parse('2026-11-22T07:40:00Z');
    expect(recently('2026-11-22T01:31:00Z', now)).toBe('today 01:31');
    expect(recently('2026-11-21T23:05:00Z', now)).toBe('yesterday 23:05');
    expect(recently('2026-11-14T23:05:00Z', now)).toBe('Sat 14 Nov 23:05');
  });

  test('a day names its year only when it is another one', () => {
    const now = Date.parse('2026-11-22T07:40:00Z');
    expect(date('2026-11-20T02:16:43Z', now)).toBe('20 Nov');
    expect(date('2025-11-20T02:16:43Z', now)).toBe('20 Nov 2025');
  });
});

describe('states', () => {
  const ended = {
    outcome: 'aborted',
    reason: 'stalled',
    method: 'forced',
    exit_code: null,
    signal: 9,
  } as const;

  test('an end is said in two or three words', () => {
    expect(resultOf(ended).text).toBe('Stopped: no progress');
    expect(resultOf({ ...ended, reason: 'user' }).text).toBe('Stopped by you');
    expect(resultOf({ ...ended, outcome: 'failed', exit_code: 101, signal: null }).text).toBe(
      'Failed: exit 101',
    );
    expect(resultOf({ ...ended, outcome: 'failed' }).text).toBe('Failed: signal 9');
  });

  test('a run that waits says for what', () => {
    expect(stateOf({ phase: 'running', progress: 'waiting', activity: 'waiting-human' }).text).toBe(
      'Waiting, for a person',
    );
    expect(stateOf({ phase: 'stopping', progress: 'stalled', activity: 'working' }).text).toBe('Stopping');
  });

  test('a step is shown with its total and its note where there are any', () => {
    expect(stepWords({ step: 14, total: 40, note: 'parse' })).toBe('step 14 of 40 – parse');
    expect(stepWords({ step: 3, note: null })).toBe('step 3');
    expect(stepWords({ step: null, note: null })).toBe('');
  });
});
