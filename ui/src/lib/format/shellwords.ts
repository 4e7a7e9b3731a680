export interface Split {
  words: string[];
  /** Why the text is no command, if it is none. */
  error: string | null;
}

/**
 * Splits one line into a program and its arguments as a POSIX shell does: blanks part, single and double quotes
 * and backslashes keep together. Nothing is expanded: `$HOME`, `*` and `~` stay as they are written.
 */
export function splitCommand(text: string): Split {
  const words: string[] = [];
  let word: string | null = null;
  let quote: "'" | '"' | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote) {
      if (char === quote) quote = null;
      else if (char === '\\' && quote === '"' && '"\\$`'.includes(text.charAt(at + 1)))
        word = (word ?? '') + text.charAt(++at);
      else word = (word ?? '') + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      if (at + 1 >= text.length) return { words, error: 'A backslash at the end escapes nothing.' };
      word = (word ?? '') + text.charAt(++at);
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote) return { words, error: `A ${quote === '"' ? 'double' : 'single'} quote is not closed.` };
  if (word !== null) words.push(word);
  return { words, error: null };
}

/** The text that splits into exactly these words. */
export function joinCommand(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  if (word !== '' && /^[\w@%+=:,./~${}*?[\]^!#-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Characters that a shell would give a meaning; said as a note, for nothing here is run by a shell. */
export function shellOnly(words: readonly string[]): string | null {
  const operator = words.find(
    (word) => /^(\||\|\||&&|;|&|>|>>|<|2>|2>&1)$/.test(word) || /^[|&;<>]/.test(word),
  );
  return operator ?? null;
}
