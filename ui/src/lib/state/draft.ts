import type { FieldFault, JobSpec, Leftovers, OnStall, PingMode, RunDetail } from '../backend/types';
import { joinCommand, splitCommand } from '../format/shellwords';
import { writtenDuration } from '../format/duration';
import { ACTIVITY_LIMITS, limitsOfTexts, OTHER_LIMITS, textsOf, type LimitTexts } from './limits';

export interface EnvRow {
  id: number;
  name: string;
  value: string;
}

/** A job as it stands in the form: all text, nothing left out. */
export interface Draft {
  name: string;
  type: string;
  command: string;
  cwd: string;
  env: EnvRow[];
  progress: string;
  observe: boolean;
  limits: LimitTexts;
  /** One a line. */
  sources: string;
  /** The words of a choice; empty for what holds when nothing is said. */
  leftovers: Leftovers | '';
  onStall: OnStall | '';
  pingMode: PingMode | '';
  stopSignal: string;
  outputMax: string;
  ping: string;
  exportPingEnv: boolean;
  notifyEnd: boolean;
  mayWake: boolean;
  checkUrl: string;
  /** What a job may say that the form does not show: it is saved as it came. */
  rest: Partial<JobSpec>;
}

export const DEFAULT_TYPE = 'generic';

export function draftOf(spec: JobSpec): Draft {
  const { name, type, command, cwd, env, progress, observe, limits, sources, leftovers, ...more } = spec;
  const { on_stall, ping_mode, stop_signal, output_max, ping, export_ping_env, ...others } = more;
  const { notify_end, may_wake, check_url, ...rest } = others;
  return {
    name,
    type: type ?? DEFAULT_TYPE,
    command: joinCommand(command),
    cwd: cwd ?? '',
    env: Object.entries(env ?? {}).map(([name, value], id) => ({ id, name, value })),
    progress: progress ?? '',
    observe: observe ?? false,
    limits: textsOf(limits),
    sources: (sources ?? []).join('\n'),
    leftovers: leftovers ?? '',
    onStall: on_stall ?? '',
    pingMode: ping_mode ?? '',
    stopSignal: stop_signal ?? '',
    outputMax: output_max ?? '',
    ping: ping ?? '',
    exportPingEnv: export_ping_env ?? false,
    notifyEnd: notify_end ?? false,
    mayWake: may_wake ?? false,
    checkUrl: check_url ?? '',
    rest,
  };
}

export function emptyDraft(): Draft {
  return draftOf({ name: '', command: [], limits: {} });
}

/** A job out of a run that somebody started by hand. */
export function draftOfRun(run: RunDetail): Draft {
  const draft = draftOf({
    name: run.job,
    type: run.type,
    command: run.command,
    limits: {},
    observe: run.observe,
  });
  return {
    ...draft,
    cwd: run.cwd ?? '',
    progress: run.marker && !run.marker.includes(run.tag) ? run.marker : '',
    limits: {
      ...draft.limits,
      warn_after: writtenDuration(run.limits.warn_after_s),
      stall_after: writtenDuration(run.limits.stall_after_s),
    },
  };
}

/** The job as it is saved: what is empty is left out, so that it is inherited. */
export function specOf(draft: Draft): JobSpec {
  const env = draft.env.filter((row) => row.name.trim());
  return {
    ...draft.rest,
    name: draft.name.trim(),
    command: splitCommand(draft.command).words,
    limits: limitsOfTexts(draft.limits),
    ...(draft.type !== DEFAULT_TYPE && { type: draft.type }),
    ...(draft.cwd.trim() && { cwd: draft.cwd.trim() }),
    ...(env.length > 0 && { env: Object.fromEntries(env.map((row) => [row.name.trim(), row.value])) }),
    ...(draft.progress.trim() && { progress: draft.progress.trim() }),
    ...(draft.observe && { observe: true }),
    ...moreOf(draft),
  };
}

/** What few jobs say. */
function moreOf(draft: Draft): Partial<JobSpec> {
  const sources = draft.sources
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const [signal, most, ping, url] = [draft.stopSignal, draft.outputMax, draft.ping, draft.checkUrl].map(
    (text) => text.trim(),
  );
  return {
    ...(sources.length > 0 && { sources }),
    ...(draft.leftovers && { leftovers: draft.leftovers }),
    ...(draft.onStall && { on_stall: draft.onStall }),
    ...(draft.pingMode && { ping_mode: draft.pingMode }),
    ...(signal && { stop_signal: signal }),
    ...(most && { output_max: most }),
    ...(ping && { ping }),
    ...(draft.exportPingEnv && { export_ping_env: true }),
    ...(draft.notifyEnd && { notify_end: true }),
    ...(draft.mayWake && { may_wake: true }),
    ...(url && { check_url: url }),
  };
}

/** Whether a job says anything of what stands in "More". */
export function saysMore(draft: Draft): boolean {
  const isLimited = [...ACTIVITY_LIMITS, ...OTHER_LIMITS].some(({ field }) => draft.limits[field] !== '');
  return isLimited || Object.keys(moreOf({ ...draft, sources: '' })).length > 0;
}

/** What is wrong with the text itself, before anybody else can judge it. */
export function textFaults(draft: Draft): FieldFault[] {
  const { error } = splitCommand(draft.command);
  return error ? [{ field: 'command', message: error }] : [];
}
