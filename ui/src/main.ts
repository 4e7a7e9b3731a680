import { mount } from 'svelte';
import App from './App.svelte';
import { createTauriBackend } from './lib/backend/tauri';
import type { Backend } from './lib/backend/types';
import './lib/ui/tokens.css';
import './lib/ui/base.css';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
mount(App, { target, props: { backend: await createBackend() } });

/** Only a build with `--mode mock` contains the scripted backend; it takes its scene and theme from the address. */
async function createBackend(): Promise<Backend> {
  if (import.meta.env.MODE !== 'mock') return createTauriBackend();
  const { fakeFromAddress } = await import('./lib/backend/fake-address');
  return fakeFromAddress(new URLSearchParams(window.location.search));
}
