import type { AppState } from './state/app.svelte';
import { links } from './state/router.svelte';

/** The window's keyboard shortcuts. Single letters do nothing while somebody types. */
export function handleShortcut(event: KeyboardEvent, { backend, router, preferences }: AppState): void {
  const isTyping =
    event.target instanceof HTMLElement &&
    event.target.closest('input, textarea, select, [contenteditable]') !== null;
  const isCommand = event.ctrlKey || event.metaKey;
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
    if (
      (isCommand && event.key === 'f') ||
      (event.key === '/' && !isTyping && !isCommand && preferences.singleKeys)
    )
      return focusFilter;
    const section = isCommand ? sections[event.key] : undefined;
    if (section !== undefined) return () => go(section);
    if (isCommand && event.key === 'n') return () => go(links.newJob);
    if (isCommand && event.key === 'w') return close;
    if (event.key === 'Escape') return back;
    return null;
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
