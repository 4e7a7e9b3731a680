import { FakeComputer } from './fake-computer';
import { Script } from './fake-data';
import { fakeTypes, limitsOfType } from './fake-types';
import type {
  ApiError,
  Backend,
  BackendEvents,
  HistoryRow,
  JobCheck,
  JobSpec,
  JobStatus,
  JobView,
  ProbeReport,
  LeftoverView,
  QueuePlace,
  RunView,
  Validation,
} from './types';

export interface FakeOptions {
  now?: number;
  /** `full` a busy morning, `empty` the very first start, `away` no engine. */
  scene?: 'full' | 'empty' | 'away';
}

const AWAY: ApiError = {
  code: 'unreachable',
  message: 'the engine does not answer',
  hint: 'start it with `nightkeep engine`, or look at `nightkeep doctor`',
  field: null,
};

/** An engine that is only a script: for development, tests and screenshots. It never reaches a normal build. */
export class FakeBackend implements Backend {
  readonly calls: string[] = [];
  script: Script;
  rows: HistoryRow[];
  runs: RunView[];
  leftovers: LeftoverView[] = [];
  /** Jobs that are not started as usual. */
  held: JobStatus[] = [];
  jobViews: JobView[];
  pendingPage: string | null = null;
  guard: (() => boolean) | null = null;
  /** What the next calls of a method reject with. */
  failures = new Map<keyof Backend, ApiError>();
  /** Jobs for which there is no free slot, and what they wait for. */
  places = new Map<string, QueuePlace>();
  /** The settings, and the computer around the window. */
  computer = new FakeComputer();
  #events: BackendEvents | null = null;
  #revision = 1;
  #away: boolean;

  constructor({ now = Date.now(), scene = 'full' }: FakeOptions = {}) {
    this.script = new Script(now);
    const isFull = scene === 'full';
    this.rows = isFull ? this.script.history() : [];
    this.runs = isFull ? this.script.running() : [];
    this.jobViews = isFull ? this.script.jobs(this.rows, this.runs) : [];
    this.#away = scene === 'away';
  }

  listen(events: BackendEvents): Promise<() => void> {
    this.#events = events;
    return Promise.resolve(() => {
      this.#events = null;
    });
  }

  current(): ReturnType<Backend['current']> {
    return this.#reply('current', () =>
      this.#away ? { live: null, error: AWAY } : { live: this.#live(), error: null },
    );
  }

  reconnect(): Promise<void> {
    return this.#reply('reconnect', () => {
      this.#away = false;
      this.publish();
    });
  }

  takePendingNavigation(): Promise<string | null> {
    return this.#reply('takePendingNavigation', () => this.pendingPage);
  }

  showWindow(): Promise<void> {
    return this.#reply('showWindow', () => undefined);
  }

  history(query: Parameters<Backend['history']>[0]): Promise<HistoryRow[]> {
    return this.#reply('history', () =>
      this.rows
        .filter((row) => row.run < (query.before ?? Infinity))
        .filter((row) => !query.job || row.job === query.job)
        .filter((row) => !query.outcome || row.outcome === query.outcome)
        .slice(0, query.limit ?? 100),
    );
  }

  run(run: number): ReturnType<Backend['run']> {
    return this.#reply('run', () => {
      const row = this.rows.find((one) => one.run === run);
      if (row) return this.script.detail(row);
      const running = this.runs.find((one) => one.run === run);
      if (running) return this.script.runningDetail(running);
      throw fault('not-found', `there is no run ${run}`, 'look at the history for the runs there are');
    });
  }

  markSeen(run: number): Promise<void> {
    return this.#reply('markSeen', () => {
      this.#see((row) => row.run === run);
    });
  }

  markAllSeen(): Promise<void> {
    return this.#reply('markAllSeen', () => {
      this.#see(() => true);
    });
  }

  stopRun(run: number, force: boolean): ReturnType<Backend['stopRun']> {
    return this.#reply('stopRun', () => {
      this.calls.push(`stop ${run}${force ? ' by force' : ''}`);
      this.runs = this.runs.map((one) => (one.run === run ? { ...one, phase: 'stopping' } : one));
      this.leftovers = this.leftovers.map((one) => (one.run === run ? { ...one, stopping: true } : one));
      this.publish();
      return { runs: [run], stays_stopped: false };
    });
  }

  jobs(): Promise<JobView[]> {
    return this.#reply('jobs', () =>
      this.jobViews.map((view) => ({
        ...view,
        condition: this.held.find((one) => one.job === view.spec.name) ?? null,
      })),
    );
  }

  types(): ReturnType<Backend['types']> {
    return this.#reply('types', fakeTypes);
  }

  startJob(job: string): ReturnType<Backend['startJob']> {
    return this.#reply('startJob', () => {
      this.calls.push(`start ${job}`);
      if (!this.jobViews.some((view) => view.spec.name === job))
        throw fault('not-found', `there is no job \`${job}\``);
      const queued = this.places.get(job);
      return { run: 50, tag: '0193a1de-7b5e-7c7c-9d8a-000000000050', ...(queued && { queued }) };
    });
  }

  resumeJob(job: string): ReturnType<Backend['resumeJob']> {
    return this.#reply('resumeJob', () => {
      this.calls.push(`resume ${job}`);
      const was = this.held.find((one) => one.job === job) ?? null;
      this.held = this.held.filter((one) => one.job !== job);
      this.publish();
      return { was };
    });
  }

  addJob(spec: JobSpec): Promise<void> {
    return this.#reply('addJob', () => {
      if (this.jobViews.some((view) => view.spec.name === spec.name)) {
        throw fault('conflict', `there is a job \`${spec.name}\` already`, null, 'name');
      }
      this.jobViews = [...this.jobViews, viewOf(spec)];
      this.publish();
    });
  }

  replaceJob(job: string, spec: JobSpec): Promise<void> {
    return this.#reply('replaceJob', () => {
      this.jobViews = this.jobViews.map((view) => (view.spec.name === job ? { ...view, spec } : view));
      this.publish();
    });
  }

  deleteJob(job: string): Promise<void> {
    return this.#reply('deleteJob', () => {
      this.jobViews = this.jobViews.filter((view) => view.spec.name !== job);
      this.publish();
    });
  }

  validateJob(spec: JobSpec, replacing: string | null): Promise<Validation> {
    return this.#reply('validateJob', () => {
      const others = this.jobViews.map((view) => view.spec.name).filter((name) => name !== replacing);
      return judge(spec, others);
    });
  }

  preflight(spec: JobSpec): Promise<JobCheck[]> {
    return this.#reply('preflight', () => checksOf(spec));
  }

  probe({ path }: Parameters<Backend['probe']>[0]): Promise<ProbeReport> {
    return this.#reply('probe', () => {
      this.calls.push(`probe ${path}`);
      const exists = path.endsWith('.json');
      return exists
        ? {
            state: 'readable',
            message: 'it is a marker',
            path: `/home/ann/work/${path}`,
            step: 3,
            note: 'draft written',
            age_s: 124,
          }
        : {
            state: 'missing',
            message: 'there is no file yet, which is fine when the job makes it',
            path: `/home/ann/work/${path}`,
            step: null,
            note: null,
            age_s: null,
          };
    });
  }

  settings(): ReturnType<Backend['settings']> {
    return this.#reply('settings', () => this.computer.view());
  }

  setSettings(spec: Parameters<Backend['setSettings']>[0]): Promise<void> {
    return this.#reply('setSettings', () => {
      this.computer.spec = spec;
    });
  }

  testNotification(): ReturnType<Backend['testNotification']> {
    return this.#reply('testNotification', () => this.computer.notification);
  }

  storage(): ReturnType<Backend['storage']> {
    return this.#reply('storage', () => this.computer.storage);
  }

  cleanNow(): ReturnType<Backend['cleanNow']> {
    return this.#reply('cleanNow', () => this.computer.clean());
  }

  cancelClean(): Promise<void> {
    return this.#reply('cancelClean', () => {
      this.computer.cancelClean();
    });
  }

  startsAtLogin(): Promise<boolean> {
    return this.#reply('startsAtLogin', () => this.computer.startsAtLogin);
  }

  setStartsAtLogin(on: boolean): Promise<void> {
    return this.#reply('setStartsAtLogin', () => {
      this.computer.startsAtLogin = on;
    });
  }

  openDataFolder(): Promise<void> {
    return this.#reply('openDataFolder', () => undefined);
  }

  exportJobs(): Promise<string> {
    return this.#reply('exportJobs', () => '/home/ann/Downloads/nightkeep-jobs-2026-11-22.json');
  }

  closeWindow(): Promise<void> {
    return this.#reply('closeWindow', () => undefined);
  }

  guardClose(mayClose: (() => boolean) | null): Promise<void> {
    this.guard = mayClose;
    return Promise.resolve();
  }

  /** Sends the snapshot as it is at this moment. */
  publish(): void {
    this.#revision += 1;
    this.#events?.live(this.#live());
  }

  goAway(): void {
    this.#away = true;
    this.#events?.away(AWAY);
  }

  navigate(page: string): void {
    this.#events?.navigate(page);
  }

  #live(): ReturnType<Script['live']> {
    const live = this.script.live(this.#revision, this.rows, this.runs);
    return { ...live, status: { ...live.status, jobs: this.held }, leftovers: this.leftovers };
  }

  #see(which: (row: HistoryRow) => boolean): void {
    this.rows = this.rows.map((row) => (which(row) ? { ...row, seen: true } : row));
    this.publish();
  }

  async #reply<T>(method: keyof Backend, make: () => T | Promise<T>): Promise<T> {
    this.calls.push(method);
    await Promise.resolve();
    const failure = this.failures.get(method);
    // The real backend rejects with plain objects, as they come over the wire.
    if (failure) throw failure as unknown as Error;
    if (this.#away && !['current', 'reconnect', 'takePendingNavigation', 'showWindow'].includes(method))
      throw AWAY as unknown as Error;
    return make();
  }
}

function fault(
  code: ApiError['code'],
  message: string,
  hint: string | null = null,
  field: string | null = null,
): Error {
  return { code, message, hint, field } as unknown as Error;
}

function viewOf(spec: JobSpec): JobView {
  return {
    spec,
    limits: limitsOfType(spec.type ?? 'generic'),
    running: null,
    last_outcome: null,
    last_run: null,
    last_ended_at: null,
    condition: null,
    story: [],
    check: null,
  };
}

/** A small part of what the engine checks: enough to show each kind of message. */
function judge(spec: JobSpec, others: readonly string[]): Validation {
  const errors: Validation['errors'] = [];
  const warnings: Validation['warnings'] = [];
  if (!spec.name) errors.push({ field: 'name', message: 'A job needs a name.' });
  if (others.includes(spec.name))
    errors.push({ field: 'name', message: `There is a job \`${spec.name}\` already.` });
  if (spec.command.length === 0) errors.push({ field: 'command', message: 'A job needs a command.' });
  for (const [field, text] of Object.entries(spec.limits)) {
    if (!/^(\d+[smh]?)+$/.test(text))
      errors.push({
        field: `limits.${field}`,
        message: `\`${text}\` is no length of time; write it like \`90s\` or \`1h30m\`.`,
      });
  }
  if (!spec.progress)
    warnings.push({
      field: 'progress',
      message: 'The command must write to $NIGHTKEEP_PROGRESS or call `nightkeep mark`.',
    });
  return { errors, warnings };
}

/** What a test of a job finds where nothing but its marker is missing. */
function checksOf(spec: JobSpec): JobCheck[] {
  const program = spec.command[0];
  const fine: JobCheck[] = [
    { check: 'folder', ok: 'ok', says: '`/home/ann/work` is there.' },
    { check: 'marker', ok: 'warn', says: 'File does not exist yet – fine if the job creates it.' },
    {
      check: 'limits',
      ok: 'ok',
      says: 'Warns after 5m, stops after 15m without progress, and gives 20s to clean up.',
    },
  ];
  const found: JobCheck =
    program === undefined || program.includes('nowhere')
      ? { check: 'program', ok: 'fail', says: `The program \`${program ?? ''}\` was not found.` }
      : { check: 'program', ok: 'ok', says: `Is \`/usr/bin/${program}\`.` };
  return [found, ...fine];
}
