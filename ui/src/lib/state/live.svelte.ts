import type { ApiError, Backend, Live, RunView } from '../backend/types';

/** The newest snapshot. It replaces the one before; nothing is ever patched. */
export class LiveStore {
  live = $state.raw<Live | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** When the snapshot came, on the clock of `performance.now()`. */
  receivedAt = $state(0);

  readonly connected = $derived(this.live !== null && this.error === null);
  readonly runs = $derived(this.live?.status.runs ?? []);
  readonly unseen = $derived(this.live?.unseen ?? []);
  readonly faults = $derived(this.live?.faults ?? []);
  readonly leftovers = $derived(this.live?.leftovers ?? []);
  /** Jobs that are not started as usual. */
  readonly held = $derived(this.live?.status.jobs ?? []);
  /** The pause of the watch, while there is one. */
  readonly paused = $derived(this.live?.status.paused ?? null);
  readonly unseenCount = $derived(this.live?.status.summary.stopped_unseen ?? 0);
  /** Changes whenever anything that is fetched may have changed. */
  readonly revision = $derived(this.live?.revision ?? -1);

  #backend: Backend;
  #now: () => number;

  constructor(backend: Backend, now: () => number = () => performance.now()) {
    this.#backend = backend;
    this.#now = now;
  }

  apply(live: Live): void {
    this.live = live;
    this.error = null;
    this.receivedAt = this.#now();
  }

  away(error: ApiError): void {
    this.error = error;
  }

  async start(): Promise<void> {
    const link = await this.#backend.current();
    // An event that came in the meantime is newer than the reply.
    if (link.live && !this.live) this.apply(link.live);
    if (link.error && !this.live) this.away(link.error);
  }

  /** The stall clock of a run at this moment: it goes on between snapshots, except where it stands still. */
  sinceAdvance(run: RunView, tick: number): number {
    const standsStill =
      this.paused !== null ||
      run.progress === 'waiting' ||
      run.activity === 'asleep' ||
      run.phase !== 'running';
    if (standsStill || !this.connected) return run.since_advance_s;
    return run.since_advance_s + this.age(tick);
  }

  /** How many seconds ago the snapshot came; 0 while nobody sends any. */
  age(tick: number): number {
    return this.connected ? Math.max(0, tick - this.receivedAt) / 1000 : 0;
  }
}
