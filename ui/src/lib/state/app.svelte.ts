import { getContext, setContext } from 'svelte';
import type { Backend } from '../backend/types';
import { Clock } from './clock.svelte';
import { LiveStore } from './live.svelte';
import { Notices } from './notices.svelte';
import { Preferences } from './preferences.svelte';
import { Router } from './router.svelte';

/** What every screen can reach. */
export interface AppState {
  backend: Backend;
  live: LiveStore;
  clock: Clock;
  router: Router;
  notices: Notices;
  preferences: Preferences;
}

const KEY = Symbol('nightkeep');

export function createApp(backend: Backend): AppState {
  return {
    backend,
    live: new LiveStore(backend),
    clock: new Clock(),
    router: new Router(),
    notices: new Notices(),
    preferences: new Preferences(),
  };
}

export function provideApp(app: AppState): void {
  setContext(KEY, app);
}

export function useApp(): AppState {
  return getContext<AppState>(KEY);
}
