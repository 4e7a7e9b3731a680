import type { JobSpec } from '../../lib/backend/types';

/** A job of a file, and the one of the same name that is there already. */
export interface Incoming {
  spec: JobSpec;
  former: JobSpec | null;
}

/** Reads the jobs of a file that was exported. Whether each can be meant, the engine says. */
export function readJobs(text: string): JobSpec[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error('this file is no JSON, so it is no export of jobs');
  }
  const jobs = isRecord(document) ? document['nightkeep_jobs'] : undefined;
  if (!Array.isArray(jobs)) throw new Error('there are no jobs of Nightkeep in this file');
  if (jobs.length === 0) throw new Error('there is no job in this file');
  return jobs.map((job: unknown) => {
    if (!isRecord(job) || typeof job['name'] !== 'string' || !Array.isArray(job['command']))
      throw new Error('one of the jobs in this file has no name or no command');
    return job as unknown as JobSpec;
  });
}

export function meet(jobs: readonly JobSpec[], present: readonly JobSpec[]): Incoming[] {
  return jobs.map((spec) => ({ spec, former: present.find((job) => job.name === spec.name) ?? null }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
