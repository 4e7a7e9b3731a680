import { expect, test } from 'vitest';
import { Script } from '../backend/fake-data';
import { fenced, runAsMarkdown } from './markdown';

const script = new Script(Date.parse('2026-11-22T07:40:00Z'));
const row = script.history().find((one) => one.run === 41);
if (!row) throw new Error('the script has a run 41');
const detail = script.detail(row);

test('a report says what happened, with the evidence and without the home directory', () => {
  const text = runAsMarkdown(detail);
  expect(text).toContain('## refactor-parser, run 41: Stopped: no progress');
  expect(text).toContain('- Last advance: step 14 at 04:03:29');
  expect(text).toContain('SIGKILL to the 1 process that was left (pid 48211).');
  expect(text).toContain('48211 target/debug/deps/parser_e2e-93fe1c2b (sleeping, 0.0 %, 18 MB)');
  expect(text).toContain('- Folder: `~/work/parser`');
  expect(text).not.toContain('/home/ann');
});

test('output cannot break out of its fence', () => {
  expect(fenced('a ```` b')).toBe('`````\na ```` b\n`````');
});

test('a report stays short enough to be pasted', () => {
  const output = { ...detail.output, lines: Array.from({ length: 200 }, () => 'x'.repeat(1000)) };
  expect(runAsMarkdown({ ...detail, output }).length).toBeLessThan(64_010);
});
