import { describe, expect, test } from 'vitest';
import { joinCommand, shellOnly, splitCommand } from './shellwords';

describe('a command line', () => {
  test.each([
    ['make fuzz', ['make', 'fuzz']],
    ['  a \t b\n c ', ['a', 'b', 'c']],
    [`claude -p 'split it, please'`, ['claude', '-p', 'split it, please']],
    [`say "it's \\"fine\\" \\n"`, ['say', 'it\'s "fine" \\n']],
    [`a'b'"c"d`, ['abcd']],
    [`run ''`, ['run', '']],
    [String.raw`a\ b \'c`, ['a b', "'c"]],
    ['echo $HOME ~ *', ['echo', '$HOME', '~', '*']],
    ['', []],
  ])('%j splits as a shell splits it', (text, words) => {
    expect(splitCommand(text)).toEqual({ words, error: null });
  });

  test.each([
    [`echo 'a`, 'A single quote is not closed.'],
    ['echo "a', 'A double quote is not closed.'],
    ['echo \\', 'A backslash at the end escapes nothing.'],
  ])('%j is no command yet', (text, error) => {
    expect(splitCommand(text).error).toBe(error);
  });

  test.each([[['a b', "it's", '', '"', '\\', '$x', 'ü', '--flag=a,b', '\n']]])(
    'words joined and split again stay the same',
    (words) => {
      expect(splitCommand(joinCommand(words))).toEqual({ words, error: null });
    },
  );

  test("a shell's operators are noticed, for no shell runs the command", () => {
    expect(shellOnly(['a', '|', 'b'])).toBe('|');
    expect(shellOnly(['a', '>out.txt'])).toBe('>out.txt');
    expect(shellOnly(['a', 'b|c'])).toBeNull();
  });
});
