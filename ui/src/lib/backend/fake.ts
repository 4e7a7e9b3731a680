import { DIAGNOSTICS } from './fake-diagnostics';
import { nightOf, pageOf } from './fake-history';
import { checksOf, fault, judge, viewOf } from './fake-judge';
import { demo } from './fake-scenes';
import { fakeGaps, fakeTypes, judgeType, typeView } from './fake-types';
import type {
  Backend,
  HistoryRow,
  JobCheck,
  JobSpec,
  JobView,
  LimitsSpec,
  PauseRequest,
  PauseView,
  ProbeReport,
  QuitChoice,
  RunView,
  Validation,
} from './types';
import { AWAY, FakeEngine } from './fake-engine';

export { SCENES, type FakeOptions } from './fake-engine';

/** An engine that is only a script: for development, tests and screenshots. It never reaches a normal build. */
export class FakeBackend extends FakeEngine implements Backend {
  #callOff: () => void = () => undefined;

  current(): ReturnType<Backend['current']> {
    return this.reply('current', () =>
      this.isAway ? { live: null, error: AWAY } : { live: this.snapshot(), error: null },
    );
  }

  reconnect(): Promise<void> {
    return this.reply('reconnect', () => {
      this.isAway = false;
      this.publish();
    });
  }

  takePendingNavigation(): Promise<string | null> {
    return this.reply('takePendingNavigation', () => this.pendingPage);
  }

  showWindow(): Promise<void> {
    return this.reply('showWindow', () => undefined);
  }

  history(query: Parameters<Backend['history']>[0]): Promise<HistoryRow[]> {
    return this.reply('history', () =>
      this.rows
        .filter((row) => row.run < (query.before ?? Infinity))
        .filter((row) => !query.job || row.job === query.job)
        .filter((row) => !query.outcome || row.outcome === query.outcome)
        .slice(0, query.limit ?? 100),
    );
  }

  historyPage(query: Parameters<Backend['historyPage']>[0]): ReturnType<Backend['historyPage']> {
    return this.reply('historyPage', () => {
      this.calls.push(`historyPage ${JSON.stringify(query)}`);
      return pageOf(this.rows, query);
    });
  }

  night(date: string | null): ReturnType<Backend['night']> {
    return this.reply('night', () => nightOf(this.rows, this.runs.length, date, this.script.now));
  }

  async exportHistory(...[query, format, progress]: Parameters<Backend['exportHistory']>) {
    this.calls.push(`exportHistory ${format}`);
    const { total } = pageOf(this.rows, query);
    progress({ done: 0, total });
    const isDone = await this.exporting;
    return this.reply('exportHistory', () =>
      isDone ? { path: `/home/ann/Downloads/nightkeep-history.${format}`, runs: total } : null,
    );
  }

  cancelExport(): Promise<void> {
    return this.reply('cancelExport', () => {
      this.#callOff();
    });
  }

  openDataFolder(): Promise<void> {
    return this.reply('openDataFolder', () => undefined);
  }

  run(run: number): ReturnType<Backend['run']> {
    return this.reply('run', () => {
      const row = this.rows.find((one) => one.run === run);
      if (row) return this.script.detail(row);
      const running = this.runs.find((one) => one.run === run);
      if (running) return this.script.runningDetail(running);
      throw fault('not-found', `there is no run ${run}`, 'look at the history for the runs there are');
    });
  }

  markSeen(run: number): Promise<void> {
    return this.reply('markSeen', () => {
      this.see((row) => row.run === run);
    });
  }

  markUnseen(run: number): Promise<void> {
    return this.reply('markUnseen', () => {
      this.see((row) => row.run === run, false);
    });
  }

  runMarkdown(run: number): Promise<string> {
    return this.reply('runMarkdown', () => `## run ${run}\n`);
  }

  openRunFolder(run: number): Promise<void> {
    return this.reply('openRunFolder', () => {
      this.calls.push(`open the folder of ${run}`);
    });
  }

  openRunLog(run: number): Promise<void> {
    return this.reply('openRunLog', () => {
      this.calls.push(`open the log of ${run}`);
    });
  }

  markAllSeen(): Promise<void> {
    return this.reply('markAllSeen', () => {
      this.see(() => true);
    });
  }

  stopRun(run: number, force: boolean): ReturnType<Backend['stopRun']> {
    return this.reply('stopRun', () => {
      this.calls.push(`stop ${run}${force ? ' by force' : ''}`);
      this.runs = this.runs.map((one) => (one.run === run ? { ...one, phase: 'stopping' } : one));
      this.leftovers = this.leftovers.map((one) => (one.run === run ? { ...one, stopping: true } : one));
      this.publish();
      return { runs: [run], stays_stopped: false };
    });
  }

  extendRun(run: number, by: number): ReturnType<Backend['extendRun']> {
    return this.reply('extendRun', () => {
      const one = this.runs.find((view) => view.run === run);
      if (!one) throw fault('not-found', `run ${run} is not being watched`);
      // As the engine does: no step gets more than four times its limit.
      const usual = this.usualLimits.get(run) ?? one.stall_after_s;
      this.usualLimits.set(run, usual);
      const given_s = Math.min(by, usual * 4 - one.stall_after_s);
      const stall_after_s = one.stall_after_s + given_s;
      const warn_after_s = one.warn_after_s + given_s;
      const isLate = one.since_advance_s >= warn_after_s;
      const progress = isLate ? one.progress : 'quiet';
      const view: RunView = { ...one, stall_after_s, warn_after_s, expected_s: stall_after_s, progress };
      this.runs = this.runs.map((other) => (other.run === run ? view : other));
      this.publish();
      return { stall_after_s, given_s };
    });
  }

  startDemo(): ReturnType<Backend['startDemo']> {
    return this.reply('startDemo', () => {
      const run = demo(this.script);
      this.runs = [...this.runs, run];
      this.publish();
      return { run: run.run, tag: '0193a1de-7b5e-7c7c-9d8a-000000000001' };
    });
  }

  tellOnce(what: string): Promise<boolean> {
    return this.reply('tellOnce', () => {
      const isFirst = !this.told.has(what);
      this.told.add(what);
      return isFirst;
    });
  }

  jobs(): Promise<JobView[]> {
    return this.reply('jobs', () =>
      this.jobViews.map((view) => ({
        ...view,
        condition: this.held.find((one) => one.job === view.spec.name) ?? null,
        snoozed_until: this.snoozed.find((one) => one.job === view.spec.name)?.until ?? null,
      })),
    );
  }

  types(): ReturnType<Backend['types']> {
    return this.reply('types', () =>
      this.typeViews.map((type) => ({
        ...type,
        jobs: this.jobViews.filter((job) => (job.spec.type ?? 'generic') === type.name).length,
      })),
    );
  }

  typeGaps(name: string): ReturnType<Backend['typeGaps']> {
    return this.reply('typeGaps', () => {
      const type = this.typeViews.find((one) => one.name === name);
      if (!type) throw fault('not-found', `there is no job type \`${name}\``);
      return fakeGaps(
        this.rows.filter((row) => row.type === name),
        type.limits,
      );
    });
  }

  jobGaps(job: string): ReturnType<Backend['jobGaps']> {
    return this.reply('jobGaps', () => {
      const view = this.jobViews.find((one) => one.spec.name === job);
      if (!view) throw fault('not-found', `there is no job \`${job}\``);
      return fakeGaps(
        this.rows.filter((row) => row.job === job),
        view.limits,
      );
    });
  }

  setType(name: string, limits: LimitsSpec): Promise<void> {
    return this.reply('setType', () => {
      this.calls.push(`set ${name}`);
      const before = this.typeViews.find((type) => type.name === name);
      const made = typeView(name, limits, before);
      this.typeViews = before
        ? this.typeViews.map((type) => (type.name === name ? made : type))
        : [...this.typeViews, made];
      this.publish();
    });
  }

  setCapacity(name: string, maxRunning: number | null): Promise<void> {
    return this.reply('setCapacity', () => {
      this.typeViews = this.typeViews.map((type) =>
        type.name === name ? { ...type, max_running: maxRunning } : type,
      );
      this.publish();
    });
  }

  deleteType(name: string): Promise<void> {
    return this.reply('deleteType', () => {
      this.calls.push(`delete type ${name}`);
      const asTheyCame = fakeTypes();
      this.typeViews = this.typeViews
        .map((type) => (type.name === name ? asTheyCame.find((one) => one.name === name) : type))
        .filter((type) => type !== undefined);
      this.publish();
    });
  }

  validateType(draft: Parameters<Backend['validateType']>[0]): Promise<Validation> {
    return this.reply('validateType', () =>
      judgeType(
        draft,
        this.typeViews.map((type) => type.name),
      ),
    );
  }

  startJob(job: string): ReturnType<Backend['startJob']> {
    return this.reply('startJob', () => {
      this.calls.push(`start ${job}`);
      if (!this.jobViews.some((view) => view.spec.name === job))
        throw fault('not-found', `there is no job \`${job}\``);
      const queued = this.places.get(job);
      return { run: 50, tag: '0193a1de-7b5e-7c7c-9d8a-000000000050', ...(queued && { queued }) };
    });
  }

  stopJob(job: string): ReturnType<Backend['stopJob']> {
    return this.reply('stopJob', () => {
      this.calls.push(`stop job ${job}`);
      const runs = this.runs.filter((run) => run.job === job).map((run) => run.run);
      this.runs = this.runs.map((run) => (run.job === job ? { ...run, phase: 'stopping' } : run));
      const since = new Date(this.script.now).toISOString();
      this.held = [...this.held, { job, state: 'killed', since, failures: 0, next_start: null }];
      this.publish();
      return { runs, stays_stopped: true };
    });
  }

  resumeJob(job: string): ReturnType<Backend['resumeJob']> {
    return this.reply('resumeJob', () => {
      this.calls.push(`resume ${job}`);
      const was = this.held.find((one) => one.job === job) ?? null;
      this.held = this.held.filter((one) => one.job !== job);
      this.publish();
      return { was };
    });
  }

  snoozeJob(job: string): ReturnType<Backend['snoozeJob']> {
    return this.reply('snoozeJob', () => {
      this.calls.push(`snooze ${job}`);
      const view = { job, until: this.script.ago(-18 * 3_600) };
      this.snoozed = [...this.snoozed.filter((one) => one.job !== job), view];
      this.publish();
      return view;
    });
  }

  unsnoozeJob(job: string): ReturnType<Backend['unsnoozeJob']> {
    return this.reply('unsnoozeJob', () => {
      this.calls.push(`unsnooze ${job}`);
      const was = this.snoozed.find((one) => one.job === job) ?? null;
      this.snoozed = this.snoozed.filter((one) => one.job !== job);
      this.publish();
      return { was };
    });
  }

  addJob(spec: JobSpec): Promise<void> {
    return this.reply('addJob', () => {
      if (this.jobViews.some((view) => view.spec.name === spec.name)) {
        throw fault('conflict', `there is a job \`${spec.name}\` already`, null, 'name');
      }
      this.jobViews = [...this.jobViews, viewOf(spec)];
      this.publish();
    });
  }

  replaceJob(job: string, spec: JobSpec): Promise<void> {
    return this.reply('replaceJob', () => {
      this.jobViews = this.jobViews.map((view) => (view.spec.name === job ? { ...view, spec } : view));
      this.publish();
    });
  }

  deleteJob(job: string): Promise<void> {
    return this.reply('deleteJob', () => {
      this.jobViews = this.jobViews.filter((view) => view.spec.name !== job);
      this.publish();
    });
  }

  validateJob(spec: JobSpec, replacing: string | null): Promise<Validation> {
    return this.reply('validateJob', () => {
      const others = this.jobViews.map((view) => view.spec.name).filter((name) => name !== replacing);
      return judge(spec, others);
    });
  }

  preflight(spec: JobSpec): Promise<JobCheck[]> {
    return this.reply('preflight', () => checksOf(spec));
  }

  probe({ path }: Parameters<Backend['probe']>[0]): Promise<ProbeReport> {
    return this.reply('probe', () => {
      this.calls.push(`probe ${path}`);
      const exists = path.endsWith('.json');
      return exists
        ? {
            state: 'readable',
            message: 'Readable. Now: step 3/40 (changed 2 min 04 s ago).',
            path: `/home/ann/work/${path}`,
            step: 3,
            note: 'draft written',
            age_s: 124,
          }
        : {
            state: 'missing',
            message: 'File does not exist yet – fine if the job creates it.',
            path: `/home/ann/work/${path}`,
            step: null,
            note: null,
            age_s: null,
          };
    });
  }

  settings(): ReturnType<Backend['settings']> {
    return this.reply('settings', () => this.computer.view());
  }

  setSettings(spec: Parameters<Backend['setSettings']>[0]): Promise<void> {
    return this.reply('setSettings', () => {
      this.computer.spec = spec;
    });
  }

  resetSettings(): Promise<void> {
    return this.reply('resetSettings', () => {
      this.computer.spec = { ...this.computer.defaults };
    });
  }

  testNotification(): ReturnType<Backend['testNotification']> {
    return this.reply('testNotification', () => this.computer.notification);
  }

  hasNotificationSettings(): Promise<boolean> {
    return this.reply('hasNotificationSettings', () => this.computer.hasNotificationSettings);
  }

  openNotificationSettings(): Promise<void> {
    return this.reply('openNotificationSettings', () => {
      this.calls.push('open notification settings');
    });
  }

  storage(): ReturnType<Backend['storage']> {
    return this.reply('storage', () => this.computer.storage);
  }

  cleanNow(): ReturnType<Backend['cleanNow']> {
    return this.reply('cleanNow', () => this.computer.clean());
  }

  cancelClean(): Promise<void> {
    return this.reply('cancelClean', () => {
      this.computer.cancelClean();
    });
  }

  startsAtLogin(): Promise<boolean> {
    return this.reply('startsAtLogin', () => this.computer.startsAtLogin);
  }

  setStartsAtLogin(on: boolean): Promise<void> {
    return this.reply('setStartsAtLogin', () => {
      this.computer.startsAtLogin = on;
    });
  }

  exportSettings(): Promise<string> {
    return this.reply('exportSettings', () => '/home/ann/Downloads/nightkeep-settings.json');
  }

  diagnostics(): Promise<string> {
    return this.reply('diagnostics', () => DIAGNOSTICS);
  }

  saveDiagnostics(): Promise<string> {
    return this.reply('saveDiagnostics', () => '/home/ann/Downloads/nightkeep-diagnostics.md');
  }

  pause({ for_s, morning }: PauseRequest): Promise<PauseView> {
    return this.reply('pause', () => {
      const end = morning ? 8 * 3_600 : for_s;
      this.calls.push(`pause ${morning ? 'until the morning' : (for_s ?? 'until resumed')}`);
      this.paused = {
        since: this.script.ago(0),
        until: end === undefined ? null : this.script.ago(-end),
      };
      this.publish();
      return this.paused;
    });
  }

  resume(): ReturnType<Backend['resume']> {
    return this.reply('resume', () => {
      const was = this.paused;
      this.paused = null;
      this.publish();
      return { was };
    });
  }

  quit(choice: QuitChoice): ReturnType<Backend['quit']> {
    return this.reply('quit', () => {
      this.calls.push(`quit ${choice}`);
      const stopping = choice === 'runs' ? this.runs.map((one) => one.run) : [];
      if (choice === 'runs') this.runs = this.runs.map((one) => ({ ...one, phase: 'stopping' }));
      this.quitting = { tray: choice === 'runs' ? 0 : 1, runs: choice === 'runs' };
      this.publish();
      return { runs: stopping, stays_stopped: false };
    });
  }

  closeWindow(): Promise<void> {
    return this.reply('closeWindow', () => undefined);
  }

  guardClose(mayClose: (() => boolean) | null): Promise<void> {
    this.guard = mayClose;
    return Promise.resolve();
  }

  onFarewell(mayClose: () => Promise<boolean>): Promise<() => void> {
    this.farewell = mayClose;
    return Promise.resolve(() => {
      this.farewell = null;
    });
  }

  /** From here on an export takes until somebody calls it off. */
  holdExport(): void {
    this.exporting = new Promise((resolve) => {
      this.#callOff = () => {
        resolve(false);
      };
    });
  }
}
