import type { Backend } from '../backend/types';
import type { Router } from './router.svelte';

/** Asks before what a form holds is lost, wherever one goes from it and when the window closes. Called by a component. */
export function keepUnsaved(backend: Backend, router: Router, isDirty: () => boolean): void {
  $effect(() => {
    router.guard(isDirty);
    return () => {
      router.guard(null);
    };
  });
  $effect(() => {
    if (!isDirty()) return;
    void backend.guardClose(() => {
      router.hold(() => void closeAnyway(backend));
      return false;
    });
    return () => void backend.guardClose(null);
  });
}

async function closeAnyway(backend: Backend): Promise<void> {
  await backend.guardClose(null);
  await backend.closeWindow();
}
