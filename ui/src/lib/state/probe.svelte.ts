import { asApiError, type Backend, type ProbeReport } from '../backend/types';
import { sentence } from './jobform.svelte';

export const PROBE_DELAY_MS = 400;

/** A look at the marker's path while it is typed: after a pause, and only the newest answer counts. */
export class Probe {
  report = $state.raw<ProbeReport | null>(null);
  failure = $state<string | null>(null);
  pending = $state(false);
  #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  look(path: string, cwd: string): void {
    this.drop();
    this.report = null;
    this.failure = null;
    if (path.trim() === '') return;
    this.pending = true;
    this.#timer = setTimeout(() => void this.#ask(path.trim(), cwd.trim() || null), PROBE_DELAY_MS);
  }

  /** Forgets a look that is under way. */
  drop(): void {
    this.#asked += 1;
    this.pending = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #ask(path: string, cwd: string | null): Promise<void> {
    const turn = this.#asked;
    try {
      const report = await this.#backend.probe({ path, cwd });
      if (turn === this.#asked) this.report = report;
    } catch (thrown) {
      if (turn === this.#asked) this.failure = sentence(asApiError(thrown).message);
    } finally {
      if (turn === this.#asked) this.pending = false;
    }
  }
}
