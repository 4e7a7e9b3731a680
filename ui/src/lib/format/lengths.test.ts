import { expect, test } from 'vitest';
import { secondsOf } from './duration';

test.each([
  ['90', 90],
  ['90s', 90],
  ['10m', 600],
  ['10M', 600],
  ['1h30', 5400],
  ['1h 30m', 5400],
  ['500ms', 0.5],
  ['1.5h', 5400],
  ['soon', null],
  ['', null],
  ['-5m', null],
  ['off', null],
])('%s is read as the engine reads it', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});
