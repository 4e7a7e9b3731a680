import { FakeComputer } from './fake-computer';
import { Script } from './fake-data';
import { demoOver, demoStuck, many } from './fake-scenes';
import { fakeTypes } from './fake-types';
import type {
  ApiError,
  Backend,
  BackendEvents,
  HistoryRow,
  JobStatus,
  JobView,
  LeftoverView,
  PauseView,
  QueuePlace,
  Quitting,
  RunView,
  SnoozeView,
  TypeView,
} from './types';

export const SCENES = [
  'full',
  'empty',
  'away',
  'idle',
  'demo',
  'demo-over',
  'many',
  'paused',
  'quitting',
] as const;

export interface FakeOptions {
  now?: number;
  /**
   * `full` a busy morning, `empty` the very first start, `away` no engine, `idle` jobs of which nothing runs, `demo` and
   * `demo-over` the first start with the demonstration under way or over, `many` 200 runs, `paused` a busy morning on which
   * nothing is judged, `quitting` one on which all runs are being stopped.
   */
  scene?: (typeof SCENES)[number];
}

export const AWAY: ApiError = {
  code: 'unreachable',
  message: 'the engine does not answer',
  hint: 'start it with `nightkeep engine`, or look at `nightkeep doctor`',
  field: null,
};

/** What the scripted engine knows, and how it answers. */
export class FakeEngine {
  readonly calls: string[] = [];
  script: Script;
  rows: HistoryRow[];
  runs: RunView[];
  leftovers: LeftoverView[] = [];
  /** Jobs that are not started as usual. */
  held: JobStatus[] = [];
  paused: PauseView | null = null;
  snoozed: SnoozeView[] = [];
  quitting: Quitting = { tray: 0, runs: false };
  jobViews: JobView[];
  typeViews: TypeView[];
  pendingPage: string | null = null;
  guard: (() => boolean) | null = null;
  farewell: (() => Promise<boolean>) | null = null;
  told = new Set<string>();
  usualLimits = new Map<number, number>();
  /** What the next calls of a method reject with. */
  failures = new Map<keyof Backend, ApiError>();
  /** Jobs for which there is no free slot, and what they wait for. */
  places = new Map<string, QueuePlace>();
  /** An export waits for this, and is called off when it says so. */
  exporting: Promise<boolean> = Promise.resolve(true);
  /** The settings, and the computer around the window. */
  computer = new FakeComputer();
  #events: BackendEvents | null = null;
  #revision = 1;
  protected isAway: boolean;

  constructor({ now = Date.now(), scene = 'full' }: FakeOptions = {}) {
    this.script = new Script(now);
    const isFull = ['full', 'idle', 'many', 'paused', 'quitting'].includes(scene);
    this.rows = isFull ? this.script.history() : [];
    this.runs = isFull ? this.script.running() : [];
    this.jobViews = isFull ? this.script.jobs(this.rows, this.runs) : [];
    if (scene === 'idle') [this.rows, this.runs] = [this.rows.map((row) => ({ ...row, seen: true })), []];
    if (scene === 'many') this.runs = many(this.script, 200);
    if (scene === 'paused') this.paused = { since: this.script.ago(0), until: this.script.ago(-3_600) };
    if (scene === 'quitting') {
      this.quitting = { tray: 0, runs: true };
      this.runs = this.runs.map((one) => ({ ...one, phase: 'stopping' }));
    }
    if (scene === 'demo') this.runs = [demoStuck(this.script)];
    if (scene === 'demo-over') this.rows = [demoOver(this.script)];
    this.typeViews = fakeTypes();
    this.isAway = scene === 'away';
  }

  listen(events: BackendEvents): Promise<() => void> {
    this.#events = events;
    return Promise.resolve(() => {
      this.#events = null;
    });
  }

  /** Sends the snapshot as it is at this moment. */
  publish(): void {
    this.#revision += 1;
    this.#events?.live(this.snapshot());
  }

  goAway(): void {
    this.isAway = true;
    this.#events?.away(AWAY);
  }

  navigate(page: string): void {
    this.#events?.navigate(page);
  }

  protected snapshot(): ReturnType<Script['live']> {
    const live = this.script.live(this.#revision, this.rows, this.runs);
    const status = { ...live.status, jobs: this.held, paused: this.paused, snoozed: this.snoozed };
    return { ...live, status, leftovers: this.leftovers, quitting: this.quitting };
  }

  protected see(which: (row: HistoryRow) => boolean, seen = true): void {
    this.rows = this.rows.map((row) => (which(row) ? { ...row, seen } : row));
    this.publish();
  }

  protected async reply<T>(method: keyof Backend, make: () => T | Promise<T>): Promise<T> {
    this.calls.push(method);
    await Promise.resolve();
    const failure = this.failures.get(method);
    // The real backend rejects with plain objects, as they come over the wire.
    if (failure) throw failure as unknown as Error;
    if (
      this.isAway &&
      !['current', 'reconnect', 'takePendingNavigation', 'showWindow', 'closeWindow'].includes(method)
    )
      throw AWAY as unknown as Error;
    return make();
  }
}
