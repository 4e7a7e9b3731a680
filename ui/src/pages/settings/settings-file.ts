import type { JobSpec, SettingsSpec, SettingsView } from '../../lib/backend/types';
import { list } from '../../lib/format/count';
import { leaves } from './differences';

/** A job of a file, and the one of the same name that is there already. */
export interface IncomingJob {
  spec: JobSpec;
  former: JobSpec | null;
}

/** What a file would bring in. */
export interface Incoming {
  settings: Partial<SettingsSpec>;
  jobs: IncomingJob[];
}

/** What came of an import. */
export interface Imported {
  /** The names of jobs that were added. */
  added: string[];
  /** Jobs that were replaced, as they had been. */
  replaced: JobSpec[];
  /** How many settings were changed, and what changes them back. */
  settings: number;
  takeBack: (() => Promise<unknown>) | null;
}

type Present = Pick<SettingsView, 'spec' | 'defaults'>;

/** What an export has at its top. Earlier ones had jobs alone. */
const SETTINGS = 'nightkeep_settings';
const JOBS = 'nightkeep_jobs';

/** Reads what was exported. Whether each value can be meant, the engine says. */
export function readFile(
  text: string,
  present: Present,
): { settings: Partial<SettingsSpec>; jobs: JobSpec[] } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error('this file is no JSON, so it is no export of Nightkeep');
  }
  if (!isRecord(document) || !(SETTINGS in document || JOBS in document))
    throw new Error('there are no settings and no jobs of Nightkeep in this file');
  refuse(
    'this file has',
    Object.keys(document).filter((name) => name !== SETTINGS && name !== JOBS),
  );
  return { settings: settingsOf(document[SETTINGS] ?? {}, present), jobs: jobsOf(document[JOBS] ?? []) };
}

function settingsOf(settings: unknown, { spec, defaults }: Present): Partial<SettingsSpec> {
  if (!isRecord(settings)) throw new Error('the settings in this file have no names');
  const models = [new Map(leaves(spec)), new Map(leaves(defaults))];
  const read = leaves(settings);
  refuse(
    'this file has the setting',
    read.map(([path]) => path).filter((path) => !models.some((model) => model.has(path))),
  );
  for (const [path, value] of read) {
    const kinds = models.map((model) => model.get(path));
    if (!kinds.some((kind) => isAlike(value, kind)) && !kinds.every((kind) => kind === null))
      throw new Error(`the setting \`${path}\` cannot be \`${JSON.stringify(value)}\``);
  }
  return settings;
}

function jobsOf(jobs: unknown): JobSpec[] {
  if (!Array.isArray(jobs)) throw new Error('the jobs in this file are no list');
  return jobs.map((job: unknown) => {
    if (!isRecord(job) || typeof job['name'] !== 'string' || !Array.isArray(job['command']))
      throw new Error('one of the jobs in this file has no name or no command');
    return job as unknown as JobSpec;
  });
}

function refuse(what: string, names: string[]): void {
  if (names.length > 0)
    throw new Error(`${what} ${list(names.map((name) => `\`${name}\``))}, which this version does not know`);
}

/** Whether two values are of one kind. */
function isAlike(one: unknown, other: unknown): boolean {
  return (
    typeof one === typeof other &&
    (one === null) === (other === null) &&
    Array.isArray(one) === Array.isArray(other)
  );
}

export function meet(jobs: readonly JobSpec[], present: readonly JobSpec[]): IncomingJob[] {
  return jobs.map((spec) => ({ spec, former: present.find((job) => job.name === spec.name) ?? null }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
