import type {
  ApiError,
  Cleaned,
  ExtendReply,
  GapsView,
  HistoryPage,
  HistoryPageQuery,
  HistoryQuery,
  HistoryRow,
  JobCheck,
  JobSpec,
  JobView,
  LimitsSpec,
  Live,
  NightReport,
  NotificationTest,
  PauseRequest,
  PauseView,
  ProbeReport,
  ProbeRequest,
  QuitChoice,
  ResumeReply,
  ResumedReply,
  RunDetail,
  SettingsSpec,
  SettingsView,
  SnoozeView,
  StartReply,
  StopReply,
  StorageView,
  TypeDraft,
  TypeView,
  UnsnoozedReply,
  Validation,
} from './generated';

export type * from './generated';

/** What is known of the engine: its newest snapshot, and why there is none to be had at the moment. */
export interface Link {
  live: Live | null;
  error: ApiError | null;
}

export type ExportFormat = 'csv' | 'json';

/** How far an export is. */
export interface ExportProgress {
  done: number;
  total: number;
}

/** An export that is done. */
export interface Exported {
  path: string;
  runs: number;
}

export interface BackendEvents {
  live: (live: Live) => void;
  away: (error: ApiError) => void;
  navigate: (page: string) => void;
}

export type Unlisten = () => void;

/** All that the window can ask for. Every method rejects with an `ApiError`. */
export interface Backend {
  listen(events: BackendEvents): Promise<Unlisten>;
  current(): Promise<Link>;
  reconnect(): Promise<void>;
  takePendingNavigation(): Promise<string | null>;
  /** There is something to see. */
  showWindow(): Promise<void>;

  history(query: HistoryQuery): Promise<HistoryRow[]>;
  historyPage(query: HistoryPageQuery): Promise<HistoryPage>;
  /** What a night came to, by the day on whose evening it began; the last night for `null`. */
  night(date: string | null): Promise<NightReport>;
  /** Writes all that matches into a file and says where that is; `null` when it was called off. */
  exportHistory(
    query: HistoryPageQuery,
    format: ExportFormat,
    progress: (at: ExportProgress) => void,
  ): Promise<Exported | null>;
  cancelExport(): Promise<void>;
  /** Shows the folder with the history in the desktop's file manager. */
  openDataFolder(): Promise<void>;
  run(run: number): Promise<RunDetail>;
  markSeen(run: number): Promise<void>;
  markUnseen(run: number): Promise<void>;
  markAllSeen(): Promise<void>;
  /** A report to paste into an issue or a chat. */
  runMarkdown(run: number): Promise<string>;
  openRunFolder(run: number): Promise<void>;
  openRunLog(run: number): Promise<void>;
  stopRun(run: number, force: boolean): Promise<StopReply>;
  /** Gives the present step of a run more time than its limit, up to a cap. */
  extendRun(run: number, by_s: number): Promise<ExtendReply>;
  /** Starts the sample agent that gets stuck and is stopped within a minute. */
  startDemo(): Promise<StartReply>;
  /** Whether this is the first time ever that a person is told of `what`; the next time it is not. */
  tellOnce(what: string): Promise<boolean>;

  jobs(): Promise<JobView[]>;
  types(): Promise<TypeView[]>;
  /** How long runs of a type that finished were quiet, and the limits that they speak for. */
  typeGaps(name: string): Promise<GapsView>;
  jobGaps(job: string): Promise<GapsView>;
  /** Sets all that the configuration says of the limits of a type; one that there is none of is made. */
  setType(name: string, limits: LimitsSpec): Promise<void>;
  setCapacity(name: string, maxRunning: number | null): Promise<void>;
  /** A built-in type is as it came, another is gone. */
  deleteType(name: string): Promise<void>;
  validateType(draft: TypeDraft): Promise<Validation>;
  startJob(job: string): Promise<StartReply>;
  /** Stops the runs of a job; it stays stopped until it is resumed. */
  stopJob(job: string): Promise<StopReply>;
  resumeJob(job: string): Promise<ResumeReply>;
  /** Shows no notifications of a job until the morning. */
  snoozeJob(job: string): Promise<SnoozeView>;
  /** Shows them again. */
  unsnoozeJob(job: string): Promise<UnsnoozedReply>;
  addJob(spec: JobSpec): Promise<void>;
  replaceJob(job: string, spec: JobSpec): Promise<void>;
  deleteJob(job: string): Promise<void>;
  /** `replacing` is the name of the job that is edited: no clash with itself. */
  validateJob(spec: JobSpec, replacing: string | null): Promise<Validation>;
  /** Checks whether a job could be left alone; starts nothing. */
  preflight(spec: JobSpec, replacing: string | null): Promise<JobCheck[]>;
  probe(request: ProbeRequest): Promise<ProbeReport>;

  settings(): Promise<SettingsView>;
  setSettings(spec: SettingsSpec): Promise<void>;
  /** All settings are as they come. */
  resetSettings(): Promise<void>;
  testNotification(): Promise<NotificationTest>;
  /** Whether the system has one page for the settings of notifications, and shows it. */
  hasNotificationSettings(): Promise<boolean>;
  openNotificationSettings(): Promise<void>;
  storage(): Promise<StorageView>;
  /** Comes back when it is through, or was cancelled. */
  cleanNow(): Promise<Cleaned>;
  cancelClean(): Promise<void>;
  startsAtLogin(): Promise<boolean>;
  setStartsAtLogin(on: boolean): Promise<void>;
  /** Writes settings and jobs into a file, and says where it is. */
  exportSettings(): Promise<string>;
  /** What goes with a report of a fault. */
  diagnostics(): Promise<string>;
  /** Writes what was shown last into a file, and says where it is. */
  saveDiagnostics(): Promise<string>;

  /** Pauses the watch, or changes the end of the pause. */
  pause(request: PauseRequest): Promise<PauseView>;
  resume(): Promise<ResumedReply>;
  /** Ends the tray, the engine, or all runs and both. */
  quit(choice: QuitChoice): Promise<StopReply>;

  closeWindow(): Promise<void>;
  /** While a guard is set, the window closes only when it says that it may. */
  guardClose(mayClose: (() => boolean) | null): Promise<void>;
  /** What has the last word before the window closes, after the guard. */
  onFarewell(mayClose: () => Promise<boolean>): Promise<Unlisten>;
}

/** Turns whatever was thrown into the one shape that screens show. */
export function asApiError(thrown: unknown): ApiError {
  if (isApiError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'internal', message, hint: null, field: null };
}

function isApiError(thrown: unknown): thrown is ApiError {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown;
}
