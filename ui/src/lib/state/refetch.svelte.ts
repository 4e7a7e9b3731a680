import { untrack } from 'svelte';

/**
 * Fetches at once and again whenever `depends` changes, at most once per `gapMs`; the last change is never lost.
 * What `fetch` itself reads does not count. To be called while a component is being set up.
 */
export function refetchOn(depends: () => unknown, fetch: () => Promise<void>, gapMs: number): void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isDue = false;

  function run(): void {
    isDue = false;
    void fetch();
    timer = setTimeout(() => {
      timer = null;
      if (isDue) run();
    }, gapMs);
  }

  $effect(() => {
    depends();
    untrack(() => {
      if (timer === null) run();
      else isDue = true;
    });
  });
  $effect(() => () => {
    if (timer !== null) clearTimeout(timer);
  });
}
