import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeEach } from 'vitest';

beforeEach(() => {
  window.location.hash = '';
});

afterEach(() => {
  cleanup();
});
