import type {
  ApiError,
  Cleaned,
  HistoryQuery,
  HistoryRow,
  JobCheck,
  JobSpec,
  JobView,
  Live,
  NotificationTest,
  ProbeReport,
  ProbeRequest,
  ResumeReply,
  RunDetail,
  SettingsSpec,
  SettingsView,
  StartReply,
  StopReply,
  StorageView,
  TypeView,
  Validation,
} from './generated';

export type * from './generated';

/** What is known of the engine: its newest snapshot, and why there is none to be had at the moment. */
export interface Link {
  live: Live | null;
  error: ApiError | null;
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
  run(run: number): Promise<RunDetail>;
  markSeen(run: number): Promise<void>;
  markAllSeen(): Promise<void>;
  stopRun(run: number, force: boolean): Promise<StopReply>;

  jobs(): Promise<JobView[]>;
  types(): Promise<TypeView[]>;
  startJob(job: string): Promise<StartReply>;
  resumeJob(job: string): Promise<ResumeReply>;
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
  testNotification(): Promise<NotificationTest>;
  storage(): Promise<StorageView>;
  /** Comes back when it is through, or was cancelled. */
  cleanNow(): Promise<Cleaned>;
  cancelClean(): Promise<void>;
  startsAtLogin(): Promise<boolean>;
  setStartsAtLogin(on: boolean): Promise<void>;
  openDataFolder(): Promise<void>;
  /** Where the file is. */
  exportJobs(): Promise<string>;

  closeWindow(): Promise<void>;
  /** While a guard is set, the window closes only when it says that it may. */
  guardClose(mayClose: (() => boolean) | null): Promise<void>;
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
