import { getContext, setContext } from 'svelte';
import type { Backend } from '../backend/types';
import { Clock } from './clock.svelte';
import { LiveStore } from './live.svelte';
import { Notices } from './notices.svelte';
import { Preferences } from './preferences.svelte';
import { Router } from './router.svelte';

/** What every screen can reach. */
export class AppState {
  readonly live: LiveStore;
  readonly clock = new Clock();
  readonly router = new Router();
  readonly notices = new Notices();
  /** The introduction was skipped. */
  isTourOver = $state(false);
  /** The list of shortcuts is shown. */
  isHelpOpen = $state(false);
  /** How this person wants the window to be. */
  readonly preferences = new Preferences();

  constructor(readonly backend: Backend) {
    this.live = new LiveStore(backend);
  }
}

const KEY = Symbol('nightkeep');

export function createApp(backend: Backend): AppState {
  return new AppState(backend);
}

export function provideApp(app: AppState): void {
  setContext(KEY, app);
}

export function useApp(): AppState {
  return getContext<AppState>(KEY);
}
