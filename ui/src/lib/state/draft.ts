import type { FieldFault, JobSpec, RunDetail } from '../backend/types';
import { joinCommand, splitCommand } from '../format/shellwords';
import { writtenDuration } from '../format/duration';
import { limitsOfTexts, textsOf, type LimitTexts } from './limits';

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
  /** What a job may say that the form does not show: it is saved as it came. */
  rest: Partial<JobSpec>;
}

export const DEFAULT_TYPE = 'generic';

export function draftOf(spec: JobSpec): Draft {
  const { name, type, command, cwd, env, progress, observe, limits, ...rest } = spec;
  return {
    name,
    type: type ?? DEFAULT_TYPE,
    command: joinCommand(command),
    cwd: cwd ?? '',
    env: Object.entries(env ?? {}).map(([name, value], id) => ({ id, name, value })),
    progress: progress ?? '',
    observe: observe ?? false,
    limits: textsOf(limits),
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
  };
}

/** What is wrong with the text itself, before anybody else can judge it. */
export function textFaults(draft: Draft): FieldFault[] {
  const { error } = splitCommand(draft.command);
  return error ? [{ field: 'command', message: error }] : [];
}
