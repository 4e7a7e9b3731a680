import { render } from '@testing-library/svelte';
import { vi } from 'vitest';
import App from '../App.svelte';
import { FakeBackend, type FakeOptions } from '../lib/backend/fake';

/** Sunday morning, twenty to eight: the hour for which the window is made. */
export const MORNING = Date.parse('2026-11-22T07:40:00Z');

/** Opens the whole window on a scripted engine. Only `Date` is faked: nothing waits for a timer. */
export function openWindow(page = '', options: FakeOptions = {}, given?: FakeBackend): FakeBackend {
  vi.useFakeTimers({ toFake: ['Date'], now: MORNING });
  const backend = given ?? new FakeBackend({ now: MORNING, ...options });
  window.location.hash = page ? `#/${page}` : '';
  render(App, { props: { backend } });
  return backend;
}
