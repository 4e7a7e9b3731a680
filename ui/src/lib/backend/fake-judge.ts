import { limitsOfType } from './fake-types';
import type { ApiError, JobCheck, JobSpec, JobView, Validation } from './types';

export function fault(
  code: ApiError['code'],
  message: string,
  hint: string | null = null,
  field: string | null = null,
): Error {
  return { code, message, hint, field } as unknown as Error;
}

export function viewOf(spec: JobSpec): JobView {
  return {
    spec,
    limits: limitsOfType(spec.type ?? 'generic'),
    running: null,
    last_outcome: null,
    last_run: null,
    last_ended_at: null,
    condition: null,
    snoozed_until: null,
    story: [],
    recent: [],
    check: null,
  };
}

/** A small part of what the engine checks: enough to show each kind of message. */
export function judge(spec: JobSpec, others: readonly string[]): Validation {
  const errors: Validation['errors'] = [];
  const warnings: Validation['warnings'] = [];
  if (!spec.name) errors.push({ field: 'name', message: 'A job needs a name.' });
  if (others.includes(spec.name))
    errors.push({ field: 'name', message: `There is a job \`${spec.name}\` already.` });
  if (spec.command.length === 0) errors.push({ field: 'command', message: 'A job needs a command.' });
  for (const [field, text] of Object.entries(spec.limits)) {
    if (/_after$|grace|allowance|runtime/.test(field) && !/^(\d+[smh]?)+$/.test(text))
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
export function checksOf(spec: JobSpec): JobCheck[] {
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
