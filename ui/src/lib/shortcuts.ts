import type { AppState } from './state/app.svelte';
import { links } from './state/router.svelte';

/** A shortcut as the help names it. `Ctrl` is the command key on a Mac. */
export interface Shortcut {
  keys: readonly string[];
  does: string;
  /** It is a single letter, which can be switched off. */
  isLetter?: boolean;
}

/** All of them, in the order of the help. */
export const SHORTCUTS: readonly Shortcut[] = [
  {
    keys: ['Ctrl+1', 'Ctrl+2', 'Ctrl+3', 'Ctrl+4', 'Ctrl+5'],
    does: 'Overview, History, Jobs, Job types, Settings',
  },
  { keys: ['Ctrl+N'], does: 'Add a job' },
  { keys: ['Ctrl+F', '/'], does: 'Filter the history' },
  { keys: ['Ctrl+,'], does: 'Settings' },
  { keys: ['J', 'K', '↓', '↑'], does: 'Next and previous in a list', isLetter: true },
  { keys: ['Enter'], does: 'Open what is chosen' },
  { keys: ['C'], does: 'Copy the run as Markdown', isLetter: true },
  { keys: ['R'], does: 'Run again', isLetter: true },
  { keys: ['Esc'], does: 'Back, or close what is open' },
  { keys: ['Ctrl+W'], does: 'Close the window' },
  { keys: ['?'], does: 'This list', isLetter: true },
];

/** Where a list can be walked through with the keyboard. */
const ROWS = 'main [data-row]';

/** The window's keyboard shortcuts. Single letters do nothing while somebody types. */
export function handleShortcut(event: KeyboardEvent, app: AppState): void {
  const { backend, router } = app;
  const isTyping =
    event.target instanceof HTMLElement &&
    event.target.closest('input, textarea, select, [contenteditable]') !== null;
  const isCommand = event.ctrlKey || event.metaKey;
  const isPlain = !isCommand && !event.altKey && !isTyping;
  const sections: Record<string, string> = {
    1: links.overview,
    2: router.historyHash,
    3: links.jobs,
    4: links.types,
    5: links.settings,
    ',': links.settings,
  };
  const act = actionFor();
  if (!act || document.querySelector('dialog[open]')) return;
  if (act()) event.preventDefault();

  function actionFor(): (() => boolean) | null {
    if ((isCommand && event.key === 'f') || (event.key === '/' && isPlain && app.preferences.singleKeys))
      return focusFilter;
    const section = isCommand ? sections[event.key] : undefined;
    if (section !== undefined) return () => go(section);
    if (isCommand && event.key === 'n') return () => go(links.newJob);
    if (isCommand && event.key === 'w') return close;
    if (event.key === 'Escape') return back;
    if (isPlain && event.key === 'ArrowDown') return () => isInList() && walk(1);
    if (isPlain && event.key === 'ArrowUp') return () => isInList() && walk(-1);
    return isPlain && app.preferences.singleKeys ? letterFor() : null;
  }

  function letterFor(): (() => boolean) | null {
    switch (event.key) {
      case 'j':
        return () => walk(1);
      case 'k':
        return () => walk(-1);
      case 'c':
      case 'r':
        return () => press(event.key.toUpperCase());
      case '?':
        return help;
      default:
        return null;
    }
  }

  function help(): boolean {
    app.isHelpOpen = true;
    return true;
  }

  function go(hash: string): boolean {
    router.go(hash);
    return true;
  }

  function close(): boolean {
    void backend.closeWindow();
    return true;
  }

  function back(): boolean {
    const { page } = router.route;
    if (page === 'run') return go(router.historyHash);
    if (page === 'job-new' || page === 'job-edit') return go(links.jobs);
    if (page === 'type-new' || page === 'type-edit') return go(links.types);
    if (page === 'history' && event.target instanceof HTMLInputElement) event.target.blur();
    return false;
  }
}

function focusFilter(): boolean {
  const filter = document.querySelector<HTMLInputElement>('[data-filter]');
  filter?.focus();
  filter?.select();
  return filter !== null;
}

/** Arrows scroll the page, unless somebody is in a list. */
function isInList(): boolean {
  return document.activeElement?.matches(ROWS) ?? false;
}

/** Goes to the next or the previous row; from outside of the list, to its first or last one. */
function walk(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at === -1 ? rows.at(by === 1 ? 0 : -1) : rows[at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return rows.length > 0;
}

/** Presses the button of the page that names this key. */
function press(key: string): boolean {
  const button = document.querySelector<HTMLButtonElement>(
    `main button[aria-keyshortcuts="${key}"]:not(:disabled)`,
  );
  button?.click();
  return button !== null;
}
